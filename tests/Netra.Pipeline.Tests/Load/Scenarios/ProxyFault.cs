using System.Text.RegularExpressions;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Scenarios;

/// <summary>
/// Breaks one thing, once, for user 1 of the run; publisher 1 publishes for that user alone, so that its receipts are the user's.
/// </summary>
/// <param name="name">What.</param>
internal sealed partial class ProxyFault(string name)
{
    private const int User = 1;
    private const int Victim = 20;
    private readonly Lock _gate = new();

    // What came for the user while there was nothing to misdirect yet: it goes on with what comes next, a ping if nothing else.
    private readonly List<string> _held = [];
    private bool _isDone;
    private string? _kept;

    /// <summary>An answer instead of the server's; null for the server's.</summary>
    public string? Refuse(ProxiedConnection connection)
    {
        var path = name switch { "refuses pages" => "GET /ws", "refuses publishers" => "POST /v1/events", _ => null };
        return path is not null && connection.Request.StartsWith(path, StringComparison.Ordinal)
            ? "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            : null;
    }

    /// <summary>Whether a published line reaches the server.</summary>
    public bool Publish(ProxiedConnection connection, string line)
    {
        if (name != "forges a receipt" || connection.User != User || !line.Contains($" n={Victim} ", StringComparison.Ordinal))
        {
            return true;
        }

        return false;
    }

    /// <summary>What a publisher gets instead of a receipt.</summary>
    public IEnumerable<string> Receipt(ProxiedConnection connection, string line)
    {
        if (name is "answers no more" or "answers nothing" && connection.Count > Victim)
        {
            connection.IsStalled = name == "answers nothing";
            return [];
        }

        if (name == "ends every request")
        {
            throw new IOException("the fault");
        }

        if (connection.User != User || connection.Count < Victim)
        {
            return [line];
        }

        return (name, connection.Count) switch
        {
            ("other number", Victim) => [line.Replace($"\"seq\":{Victim},", "\"seq\":1020,", StringComparison.Ordinal)],
            ("other status", Victim) => [line.Replace("queued", "delivered", StringComparison.Ordinal)],
            ("no status", Victim) => ["{}"],
            ("no JSON", Victim) => ["\u0001{[\"seq\":"],
            ("other types", Victim) => ["""{"id":7,"seq":"20","status":{"status":"queued"}}"""],
            ("drops a receipt", Victim) => [],
            ("doubles a receipt", Victim) => [line, line],
            ("swaps receipts", Victim) => Keep(line),
            ("swaps receipts", Victim + 1) => [line, _kept!],
            ("rejects what it delivers", Victim) => ["""{"status":"rejected","code":"log_failed","message":"the log is full"}"""],
            ("forges a receipt", Victim + 1) => [line, line],
            ("ends publishing", Victim) when Once() => throw new IOException("the fault"),
            _ => [line],
        };
    }

    /// <summary>What a page gets instead of a message.</summary>
    public IEnumerable<(int Opcode, string Text)> Message(ProxiedConnection connection, string text)
    {
        var seq = Number().Match(text) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan) : 0;
        lock (_gate)
        {
            if (name == "misdirects" && connection.User == 0 && seq == Victim)
            {
                _kept = text;
            }

            if (connection.IsStalled)
            {
                return [];
            }

            return connection.User == User ? Broken(connection, text, seq) : [(RawFrame.Text, text)];
        }
    }

    private IEnumerable<(int Opcode, string Text)> Broken(ProxiedConnection connection, string text, int seq)
    {
        var (isVictim, isNext) = (seq == Victim, seq == Victim + 1);
        switch (name)
        {
            case "drops" when isVictim:
                return [];
            case "doubles" when isVictim:
                return [(RawFrame.Text, text), (RawFrame.Text, text)];
            case "swaps" when isVictim:
                return KeepMessage(text);
            case "swaps" when isNext:
                return [(RawFrame.Text, text), (RawFrame.Text, _kept!)];
            case "doubles the content" when isVictim:
                _kept = text;
                return [(RawFrame.Text, text)];
            case "doubles the content" when isNext:
                return [(RawFrame.Text, _kept!.Replace($"\"seq\":{seq - 1},", $"\"seq\":{seq},", StringComparison.Ordinal))];
            case "hides a loss" when isVictim:
                var range = $"\"from\":{seq},\"to\":{seq}";
                return [(RawFrame.Text, $$"""{"type":"gap",{{range}},"cause":"expired","replay":false,"certain":true}""")];
            case "changes a letter" when isVictim:
                return [(RawFrame.Text, text.Replace("xxxx", "xyxx", StringComparison.Ordinal))];
            case "changes a time" when isVictim:
                return [(RawFrame.Text, Due().Replace(text, static m => $"{m.Groups[1].Value}{(m.Groups[2].Value == "1" ? "2" : "1")}\""))];
            case "changes the user" when isVictim:
                return [(RawFrame.Text, text.Replace($"-{User} n=", "-0 n=", StringComparison.Ordinal))];
            case "misdirects" when _kept is null && seq >= Victim:
                _held.Add(text);
                return [];
            case "misdirects" when _kept is not null && !_isDone:
                _isDone = true;
                return [(RawFrame.Text, _kept), .. _held.Select(static held => (RawFrame.Text, held)), (RawFrame.Text, text)];
            case "stalls" when isVictim && !_isDone:
                (_isDone, connection.IsStalled) = (true, true);
                return [];
            case "closes" when isVictim && !_isDone:
                _isDone = true;
                return [(RawFrame.Text, text), (RawFrame.Close, "\u0003\u0008")];
            case "does not resume" when isVictim && !_isDone:
                _isDone = true;
                throw new IOException("the fault");
            case "does not resume" when seq == 0 && _isDone && text.Contains("\"welcome\"", StringComparison.Ordinal):
                return [(RawFrame.Text, Epoch().Replace(text, "\"epoch\":\"another\""))];
            case "sends binary" when isVictim && !_isDone:
                _isDone = true;
                return [(RawFrame.Binary, text)];
            case "sends no JSON" when isVictim && !_isDone:
                _isDone = true;
                return [(RawFrame.Text, text[..^3])];
            default:
                return [(RawFrame.Text, text)];
        }
    }

    [GeneratedRegex("^{\"seq\":([0-9]+),")]
    private static partial Regex Number();

    [GeneratedRegex("( ts=[0-9]+)([0-9])\"")]
    private static partial Regex Due();

    [GeneratedRegex("\"epoch\":\"[^\"]*\"")]
    private static partial Regex Epoch();

    private bool Once() => !_isDone && (_isDone = true);

    private IEnumerable<string> Keep(string line)
    {
        _kept = line;
        return [];
    }

    private IEnumerable<(int Opcode, string Text)> KeepMessage(string text)
    {
        _kept = text;
        return [];
    }
}
