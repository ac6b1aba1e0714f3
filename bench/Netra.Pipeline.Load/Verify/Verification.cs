using System.Net.WebSockets;
using System.Text.Json;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Load.Verify;

/// <summary>An acceptance run: all checks, one after the other, whatever becomes of those before.</summary>
internal static class Verification
{
    /// <summary>Runs and prints it.</summary>
    /// <returns>The exit code: 0 when all have passed, else 1.</returns>
    public static async Task<int> RunAsync(VerifyOptions options, CancellationToken cancellationToken)
    {
        using var deployment = new Deployment(options);
        var results = new List<CheckResult>();
        foreach (var check in new Check[]
        {
            new LifecycleCheck(deployment),
            new IsolationCheck(deployment),
            new OverheadCheck(deployment, options),
            new WiringCheck(deployment),
            new CompletenessCheck(deployment, options),
            new MonitoringCheck(deployment),
        })
        {
            results.Add(await RunAsync(check, options.Timeout, cancellationToken));
        }

        if (options.IsJson)
        {
            ResultJson.Print(options.Url, results);
        }
        else
        {
            ResultTable.Print(options.Url, results);
        }

        return results.TrueForAll(static result => result.HasPassed) ? 0 : 1;
    }

    private static async Task<CheckResult> RunAsync(Check check, TimeSpan limit, CancellationToken cancellationToken)
    {
        var begun = TimeProvider.System.GetTimestamp();
        using var timeout = new CancellationTokenSource(limit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return Result(hasPassed: true, await check.RunAsync(either.Token));
        }
        catch (CheckFailedException exception)
        {
            return Result(hasPassed: false, exception.Message);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or WebSocketException or IOException or JsonException or ProtocolViolationException)
        {
            return Result(
                hasPassed: false, exception.InnerException is { } inner ? $"{exception.Message} ({inner.Message})" : exception.Message);
        }
        catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException)
        {
            return Result(hasPassed: false, $"an answer has not the form of the protocol: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Result(hasPassed: false, $"not done within {limit.TotalSeconds} s (--timeout-s)");
        }

        CheckResult Result(bool hasPassed, string detail) => new(check.Name, hasPassed, detail, TimeProvider.System.GetElapsedTime(begun));
    }
}
