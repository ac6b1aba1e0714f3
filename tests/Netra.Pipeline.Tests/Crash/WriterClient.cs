using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>
/// A backend that publishes run after run over HTTP and lives longer than the server. What has an idempotency key it publishes again until
/// it is answered; what has none it lets go when the answer is cut off. One thread at a time.
/// </summary>
/// <param name="name">Names it in markers and complaints.</param>
/// <param name="users">Whom it publishes to.</param>
/// <param name="asLines">Whether it sends many lines in one request instead of a request each.</param>
/// <param name="pause">How long it rests after each request of a run, or of several.</param>
/// <param name="seed">Decides what it leaves to chance.</param>
/// <param name="journal">Is told everything.</param>
internal sealed class WriterClient(string name, IReadOnlyList<string> users, bool asLines, TimeSpan pause, int seed, Journal journal)
{
    private const int MaxRemembered = 32;

    private readonly Random _random = new(seed);
    private readonly List<PublishedEvent> _unanswered = [];
    private readonly Queue<Promise> _remembered = [];
    private int _index;
    private int _run;

    /// <summary>How many events were published again, and how many of them had been stored by the first try.</summary>
    public (int Again, int Replayed) Retries { get; private set; }

    /// <summary>How many events without a key were cut off, so that nobody knows.</summary>
    public int Forgotten { get; private set; }

    /// <summary>Publishes until the life of the server is over.</summary>
    public async Task RunAsync(ServerLife life)
    {
        using var http = CreateClient(life);
        try
        {
            await SettleAsync(http, life);
            while (!life.Over.IsCancellationRequested)
            {
                await AskAgainAsync(http, life);
                if (asLines)
                {
                    await WriteLinesAsync(life);
                    await SettleAsync(http, life);
                }
                else
                {
                    await WriteRunAsync(http, life);
                }

                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, TimeProvider.System);
                }
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            if (!life.IsEnding)
            {
                Complain(life, $"was cut off while the server lived: {exception}");
            }
        }
    }

    /// <summary>Publishes again, in order, what has a key and no answer yet.</summary>
    public async Task SettleAsync(ServerLife life)
    {
        using var http = CreateClient(life);
        await SettleAsync(http, life);
    }

    private static HttpClient CreateClient(ServerLife life)
        => new() { BaseAddress = new Uri($"http://127.0.0.1:{life.Port}"), Timeout = TestClient.Patience };

    private async Task SettleAsync(HttpClient http, ServerLife life)
    {
        while (_unanswered.Count > 0)
        {
            var again = _unanswered[0];
            var replayed = await PublishAsync(http, again, life);
            _unanswered.RemoveAt(0);
            Retries = (Retries.Again + 1, Retries.Replayed + (replayed ? 1 : 0));
        }
    }

    // The same key gets the first receipt again, byte for byte, in whichever life of the server it was given.
    private async Task AskAgainAsync(HttpClient http, ServerLife life)
    {
        if (_remembered.Count == 0 || _random.Next(3) > 0)
        {
            return;
        }

        var first = _remembered.ElementAt(_random.Next(_remembered.Count));
        if (!await PublishAsync(http, first.Event, life))
        {
            Complain(
                life,
                $"published {first.Event.Marker} again, which life {first.Life} had stored as number {first.Seq}, "
                + "and the answer does not say that it is repeated");
        }
    }

    private async Task WriteRunAsync(HttpClient http, ServerLife life)
    {
        foreach (var next in NextRun())
        {
            if (life.Over.IsCancellationRequested)
            {
                return;
            }

            _unanswered.Add(next);
            try
            {
                await PublishAsync(http, next, life);
                _unanswered.Remove(next);
            }
            finally
            {
                Forget();
            }
        }
    }

    private async Task WriteLinesAsync(ServerLife life)
    {
        await using var lines = await PublishLines.OpenAsync(life.Port);
        try
        {
            for (var run = _random.Next(1, 8); run > 0 && !life.Over.IsCancellationRequested; run--)
            {
                foreach (var burst in NextRun().Chunk(_random.Next(1, 8)))
                {
                    _unanswered.AddRange(burst);
                    await lines.SendAsync(string.Join('\n', burst.Select(static line => line.Json)));
                    for (var left = _random.Next(16); _unanswered.Count > left;)
                    {
                        await ReadReceiptAsync(lines, life);
                    }
                }
            }

            await lines.EndAsync();
            while (_unanswered.Count > 0)
            {
                await ReadReceiptAsync(lines, life);
            }
        }
        finally
        {
            Forget();
        }
    }

    private async Task ReadReceiptAsync(PublishLines lines, ServerLife life)
    {
        if (await lines.ReadAsync() is not { } answer)
        {
            const string NotTaken = "The answer ended before every line was answered.";
            _unanswered.Where(static line => !line.HasKey).ToList().ForEach(line => journal.Refused(line, NotTaken));
            throw new IOException(NotTaken);
        }

        OnAnswer(_unanswered[0], answer.GetRawText(), life);
        _unanswered.RemoveAt(0);
    }

    /// <returns>Whether the answer is a repeated one.</returns>
    private async Task<bool> PublishAsync(HttpClient http, PublishedEvent published, ServerLife life)
    {
        using var content = new StringContent(published.Json, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri("/v1/events", UriKind.Relative), content);
        var answer = await response.Content.ReadAsStringAsync();
        if (OnAnswer(published, answer, life) is { } status
            && response.StatusCode != (status == "queued" ? HttpStatusCode.Created : HttpStatusCode.Accepted))
        {
            Complain(life, $"got status {response.StatusCode} with {answer}");
        }

        return response.Headers.TryGetValues("Idempotency-Replayed", out var replayed) && replayed.Single() == "true";
    }

    /// <returns>The status of a receipt; null when the event was refused.</returns>
    private string? OnAnswer(PublishedEvent published, string answer, ServerLife life)
    {
        var receipt = JsonElement.Parse(answer);
        if (receipt.Text("id") is not { } id)
        {
            // An answer with a number says that nobody knows; any other, that nothing was made.
            if (!published.HasKey && !receipt.TryGetProperty("seq", out _))
            {
                journal.Refused(published, answer);
            }

            // A server that stops says so; what has a key is for the next one.
            if (life.IsEnding && receipt.Text("code") is ("draining" or "not_initialized" or "log_failed"))
            {
                throw new IOException(answer);
            }

            Complain(life, $"was refused {published}: {answer}");
            return null;
        }

        var promise = new Promise(published, receipt.Seq(), id, answer, life.Number);
        journal.Promised(promise, name);
        if (published.HasKey && !asLines)
        {
            _remembered.Enqueue(promise);
            if (_remembered.Count > MaxRemembered)
            {
                _remembered.Dequeue();
            }
        }

        return receipt.Text("status");
    }

    // Without a key, trying again could make a second event.
    private void Forget() => Forgotten += _unanswered.RemoveAll(static unanswered => !unanswered.HasKey);

    private IEnumerable<PublishedEvent> NextRun()
    {
        var (user, run) = (users[_random.Next(users.Count)], $"{name}-r{++_run}");
        yield return Next(user, run, EventType.AgentStarted);
        for (var i = _random.Next(1, 12); i > 0; i--)
        {
            yield return Next(user, run, _random.Next(8) switch
            {
                0 => EventType.AgentThinking,
                1 => EventType.ToolExecuting,
                2 => EventType.ToolCompleted,
                3 => EventType.Custom,
                _ => EventType.Token,
            });
        }

        yield return Next(user, run, EventType.AgentCompleted);
    }

    private PublishedEvent Next(string user, string run, EventType type)
        => new(user, run, type, _index, $"{name}-{_index++}", HasKey: _random.Next(2) == 0);

    private void Complain(ServerLife life, string what) => journal.Violation($"{name}, life {life.Number}: {what}.");
}
