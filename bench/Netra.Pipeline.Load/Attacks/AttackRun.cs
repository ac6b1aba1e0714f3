using System.Globalization;
using System.Net.Sockets;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>
/// Attacks one after the other, with a well-behaved client beside them: how late it is served before, during and after each, and what the
/// server takes.
/// </summary>
internal sealed class AttackRun(AttackOptions options) : IDisposable
{
    private const double BytesPerMegabyte = 1e6;

    // Closed sockets are given up by the system a moment later.
    private const double HandleSlack = 64;

    // Attacks that are not counted in seconds have so long.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly AttackTarget _target = new(options.Target);
    private readonly ServerWatch _watch = new(options.ServerPid is { } pid ? new ServerProcess(pid) : null);

    /// <summary>Runs them.</summary>
    /// <param name="tell">Is told each result at once.</param>
    /// <param name="cancellationToken">Ends it early: what has been found is returned.</param>
    public async Task<IReadOnlyList<AttackResult>> RunAsync(Action<AttackResult> tell, CancellationToken cancellationToken)
    {
        var results = new List<AttackResult>();
        await using var bystander = await OpenBystanderAsync(cancellationToken);
        await Task.Delay(options.Calm, TimeProvider.System, cancellationToken);
        foreach (var attack in AttackCatalogue.Of(options.Names))
        {
            if (attack.IsForPlainOnly && _target.Url.Scheme == Uri.UriSchemeHttps)
            {
                continue;
            }

            if (cancellationToken.IsCancellationRequested)
            {
                break;
            }

            var result = await RunAsync(attack, bystander, cancellationToken);
            results.Add(result);
            tell(result);
            if (_watch.HasEnded)
            {
                break;
            }
        }

        return results;
    }

    public void Dispose() => _target.Dispose();

    private async Task<Bystander> OpenBystanderAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Bystander.OpenAsync(_target, cancellationToken);
        }
        catch (Exception exception) when (exception is System.Net.WebSockets.WebSocketException or SocketException)
        {
            throw new LoadFailedException($"the well-behaved client cannot connect: {exception.Message}", exception);
        }
    }

    private async Task<AttackResult> RunAsync(Attack attack, Bystander bystander, CancellationToken cancellationToken)
    {
        bystander.TakePeriod();
        await Task.Delay(options.Calm, TimeProvider.System, cancellationToken);
        var before = bystander.TakePeriod();
        var (memory, handles, cpu, begun) = (_watch.Memory, _watch.Handles, _watch.Cpu, MonotonicClock.Now);
        using var ended = new CancellationTokenSource();
        var watching = _watch.WatchAsync(ended.Token);
        var problems = new List<string>();
        var detail = await ActAsync(attack, problems, cancellationToken);
        var during = bystander.TakePeriod();
        var cores = (_watch.Cpu - cpu) / (MonotonicClock.Since(begun).TotalSeconds * 1e6);
        await ended.CancelAsync();
        await watching;
        await Task.Delay(options.Calm, TimeProvider.System, cancellationToken);
        var hasCaughtUp = await bystander.CatchUpAsync(cancellationToken);
        var after = bystander.TakePeriod();
        var (memoryPeak, handlesPeak) = _watch.TakePeaks();
        var figures = new ServerFigures(memory, memoryPeak, _watch.Memory, handles, handlesPeak, _watch.Handles, cores);
        problems.AddRange(Judge(before, during, after, figures));
        if (!hasCaughtUp)
        {
            problems.Add($"the well-behaved client misses {bystander.Missing} events");
        }

        if (bystander.Problem is { } problem)
        {
            problems.Add($"the well-behaved client was hurt: {problem}");
        }

        if (_watch.HasEnded)
        {
            problems.Add("the server's process has ended");
        }

        return new AttackResult(attack, detail, before, during, after, figures, problems);
    }

    private async Task<string> ActAsync(Attack attack, List<string> problems, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Duration + Longest);
        try
        {
            return await attack.RunAsync(_target, options.Duration, limit.Token);
        }
        catch (AttackSucceededException exception)
        {
            problems.Add(exception.Message);
        }
        catch (Exception exception) when (exception is HandshakeRefusedException or SocketException or IOException)
        {
            problems.Add($"it could not be done: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            problems.Add($"it was not done within {(options.Duration + Longest).TotalSeconds} s");
        }

        return "–";
    }

    private IEnumerable<string> Judge(LatencySummary before, LatencySummary during, LatencySummary after, ServerFigures server)
    {
        var limit = Math.Max(options.FloorMs, before.P99 * options.Factor);
        foreach (var (when, latency) in new[] { ("while it went on", during), ("afterwards", after) })
        {
            if (latency.P99 > limit)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"p99 was {latency.P99:F1} ms {when}; {limit:F1} ms are allowed ({before.P99:F1} ms before, --factor, --floor-ms)");
            }
        }

        if (server.MemoryPeak - server.MemoryBefore > options.MemoryMb * BytesPerMegabyte)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"it took {(server.MemoryPeak - server.MemoryBefore) / BytesPerMegabyte:F0} MB more; "
                + $"{options.MemoryMb} MB are allowed (--memory-mb)");
        }

        if (server.HandlesAfter - server.HandlesBefore > HandleSlack)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{server.HandlesAfter - server.HandlesBefore:F0} handles were still open {options.Calm.TotalSeconds} s later");
        }
    }
}
