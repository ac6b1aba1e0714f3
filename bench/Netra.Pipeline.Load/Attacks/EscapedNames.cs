namespace Netra.Pipeline.Load.Attacks;

/// <summary>Line feeds, escape sequences and bytes that are no text, in whatever a peer names: log lines must not be forged.</summary>
internal sealed class EscapedNames() : Attack("escaped-names", "control characters and broken text in names of users, threads, tools")
{
    private const string Forged = """\u001b[31mcrit: forged\n2026-01-01 forged line\u0007""";

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var user = target.UserOf(0);
        var fields = $"Host: {target.Url.Authority}\r\n{AttackTarget.Upgrade}{target.PublisherFields}\r\n";
        (string What, string Request)[] refused =
        [
            ("a user that is no UTF-8", $"GET /ws?user_id=%ff%fe HTTP/1.1\r\n{fields}"),
            ("a user with a line feed", $"GET /ws?user_id=a%0Ab HTTP/1.1\r\n{fields}"),
            ("a percent sign without digits", $"GET /ws?user_id=%zz HTTP/1.1\r\n{fields}"),
            ("a user with an escape in an event", target.PublishOne(Event("a\\u001bb", "t", "token", """{"delta":"x"}"""))),
            ("a thread with a line feed", target.PublishOne(Event(user, "t\\nforged", "token", """{"delta":"x"}"""))),
            ("half of a surrogate pair", target.PublishOne(Event(user, "t", "token", """{"delta":"\ud800"}"""))),
        ];
        foreach (var (what, request) in refused)
        {
            var status = await target.AskAsync(request, cancellationToken);
            if (status is not (>= 400 and < 500))
            {
                throw new AttackSucceededException($"{what} was answered with {status}");
            }
        }

        // Names that may be anything; whoever reads the log sees them escaped.
        var taken = await target.AskAsync(
            target.PublishOne(Event(user, "t", "tool_completed", $$"""{"tool_name":"{{Forged}}"}""")), cancellationToken);
        var failed = $$$"""{"agent_name":"{{{Forged}}}","error":{"code":"x","message":"{{{Forged}}}"}}""";
        await target.AskAsync(target.PublishOne(Event(user, "t", "agent_failed", failed)), cancellationToken);
        return $"{refused.Length} of {refused.Length} were refused; a tool's name with escapes was answered with {taken}: look at the log";
    }

    private static string Event(string user, string thread, string type, string data)
        => AttackTarget.Event(user, "escaped", type, data, thread);
}
