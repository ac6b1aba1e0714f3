using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Publishing;

/// <summary>What a request says in its query about commands (docs/protocol.md, section 9.11). Immutable.</summary>
/// <param name="Reads">Whether its answer is to carry commands.</param>
/// <param name="WantsMessages">Whether it subscribes to the messages of pages.</param>
internal readonly record struct CommandQuery(bool Reads, bool WantsMessages)
{
    private const string Commands = "commands";
    private const string Subscribe = "subscribe";

    /// <summary>Reads the query of <c>POST /v1/events</c>.</summary>
    /// <param name="query">The query.</param>
    /// <param name="problem">What is wrong with it; null for nothing.</param>
    public static CommandQuery OfPublish(IQueryCollection query, out string? problem)
    {
        var commands = query[Commands];
        var reads = commands is ["1"];
        problem = commands is [] or ["0"] or ["1"] ? null : $"'{Commands}' must be 0 or 1, and occur once.";
        var read = Read(query, ref problem) with { Reads = reads };
        if (read.WantsMessages && !reads)
        {
            problem ??= $"'{Subscribe}' needs '{Commands}=1': whoever subscribes to messages must read them.";
        }

        return read;
    }

    /// <summary>Reads the query of <c>GET /v1/commands</c>.</summary>
    /// <inheritdoc cref="OfPublish"/>
    public static CommandQuery OfReader(IQueryCollection query, out string? problem)
    {
        problem = null;
        return Read(query, ref problem);
    }

    private static CommandQuery Read(IQueryCollection query, ref string? problem)
    {
        var message = CommandKinds.WireName(CommandKind.ChatMessage);
        var subscribe = query[Subscribe];
        if (subscribe.Count > 0 && (subscribe.Count > 1 || subscribe[0] != message))
        {
            problem ??= $"'{Subscribe}' must be {message}, and occur once.";
        }

        return new CommandQuery(Reads: true, WantsMessages: subscribe.Count > 0);
    }
}
