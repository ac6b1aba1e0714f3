using System.Text;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>A request of many lines that feeds runs that are well. Disposing cuts it.</summary>
internal sealed class RunLines : IAsyncDisposable
{
    private readonly HarmBench _bench;
    private readonly PublishLines _lines;
    private readonly Queue<(string User, string Run)> _unanswered = [];

    private RunLines(HarmBench bench, PublishLines lines) => (_bench, _lines) = (bench, lines);

    public static async Task<RunLines> OpenAsync(HarmBench bench) => new(bench, await PublishLines.OpenAsync(bench.Port));

    public Task SendAsync(string userId, string runId, string type, string data = "{}")
    {
        _unanswered.Enqueue((userId, runId));
        return _lines.SendAsync(HarmBench.Json(userId, runId, type, data));
    }

    /// <summary>Sends the same line many times, at once.</summary>
    public Task SendManyAsync(string userId, string runId, string type, string data, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _unanswered.Enqueue((userId, runId));
        }

        return _lines.SendAsync(string.Join('\n', Enumerable.Repeat(HarmBench.Json(userId, runId, type, data), count)));
    }

    /// <summary>Sends a line that will be refused, rightly.</summary>
    public Task SendBadAsync(string line) => _lines.SendAsync(line);

    /// <summary>Sends a whole run with as many tokens, in a few large chunks.</summary>
    public async Task SendRunAsync(string userId, string runId, int tokens, int bytes = 20)
    {
        await SendAsync(userId, runId, "agent_started", """{"agent_name":"demo"}""");
        var token = Encoding.UTF8.GetBytes(HarmBench.Json(userId, runId, "token", $$"""{"delta":"{{new string('w', bytes)}}"}""") + "\n");
        var atOnce = Math.Max(1, 64 * 1024 / token.Length);
        for (var left = tokens; left > 0; left -= atOnce)
        {
            var count = Math.Min(left, atOnce);
            var chunk = new byte[count * token.Length];
            for (var i = 0; i < count; i++)
            {
                token.CopyTo(chunk, i * token.Length);
                _unanswered.Enqueue((userId, runId));
            }

            await _lines.SendAsync(chunk);
        }

        await SendAsync(userId, runId, "agent_completed", """{"agent_name":"demo"}""");
    }

    /// <summary>Sends lines that will be refused, rightly.</summary>
    public Task SendBadAsync(ReadOnlyMemory<byte> lines) => _lines.SendAsync(lines);

    public Task<List<JsonElement>> ReadAsync(int count) => _lines.ReadAsync(count);

    /// <summary>Reads the answers of all that was sent; each must be a receipt.</summary>
    public async Task ReadAllAsync()
    {
        while (_unanswered.TryDequeue(out var line))
        {
            var answer = await _lines.ReadAsync();
            if (answer?.TryGetProperty("seq", out var seq) == true && answer.Value.Text("status") != "rejected")
            {
                _bench.Accepted(line.User, seq.GetInt64());
                if (!line.Run.StartsWith("sick-", StringComparison.Ordinal))
                {
                    _bench.IsWell(line.User, line.Run);
                }
            }
            else if (answer?.Text("status") != "renewed")
            {
                _bench.Complain($"a line of {line.User}/{line.Run} was answered {answer}");
            }
        }
    }

    public ValueTask DisposeAsync() => _lines.DisposeAsync();
}
