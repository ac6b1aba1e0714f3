using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Connections;

/// <summary>
/// How a client says where it resumes, and whether it takes joined frames (docs/protocol.md, sections 2.1 and 9.3). Pure functions.
/// </summary>
internal static class ResumeRules
{
    /// <summary>Reads the query's parameters.</summary>
    /// <returns>What is wrong with them; null when nothing is.</returns>
    public static HandshakeRefusal? Read(IQueryCollection query, out ResumeRequest resume)
    {
        resume = default;
        if (!TryReadSeq(query["seq"], out var seq) || !TryReadSeq(query["from"], out var from))
        {
            return Bad($"'seq' and 'from' must be whole numbers from 0 to {ProtocolConstants.MaxSeq}, given once.");
        }

        if (from > seq || (from is not null && seq is null))
        {
            return Bad("'from' needs 'seq', and must not be above it.");
        }

        var epochs = query["epoch"];
        if (epochs.Count > 1 || (epochs is [{ } epoch] && !IsEpoch(epoch)))
        {
            return Bad("'epoch' must be 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-', given once.");
        }

        resume = new ResumeRequest(epochs.Count == 1 ? epochs[0] : null, seq, from);
        return null;
    }

    /// <summary>
    /// Reads the id of the last event that a browser received from an event stream: it overrides the query, which is as old as the page.
    /// </summary>
    /// <param name="headers">The request's header fields.</param>
    /// <param name="query">The request's query, for a client that has no such id.</param>
    /// <param name="resume">Where the client resumes.</param>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static HandshakeRefusal? ReadStream(IHeaderDictionary headers, IQueryCollection query, out ResumeRequest resume)
    {
        // A browser sends an empty one when its last event had no id.
        if (!headers.TryGetValue("Last-Event-ID", out var ids) || StringValues.IsNullOrEmpty(ids))
        {
            return Read(query, out resume);
        }

        resume = default;
        if (ids is not [{ } id] || id.Split('.') is not [var epoch, var fromText, var seqText] || !IsEpoch(epoch)
            || !TryReadNumber(fromText, out var from) || !TryReadNumber(seqText, out var seq) || from > seq)
        {
            return Bad($"Last-Event-ID is '{ids}'; it must be the id of an event of this stream, epoch.from.seq, given once.");
        }

        resume = new ResumeRequest(epoch, seq, from);
        return null;
    }

    /// <summary>Reads whether the client takes joined frames.</summary>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static HandshakeRefusal? ReadJoin(IQueryCollection query, out bool joins)
    {
        var values = query["join"];
        joins = values is ["1"];
        return joins || values is [] or ["0"]
            ? null
            : new HandshakeRefusal(400, "bad_request", "'join' must be 0 or 1, given once.");
    }

    private static HandshakeRefusal Bad(string message) => new(400, "bad_resume", message);

    private static bool IsEpoch(string epoch)
        => epoch.Length is > 0 and <= 64 && epoch.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    private static bool TryReadSeq(StringValues values, out long? seq)
    {
        seq = null;
        return values.Count == 0 || (values is [{ } text] && TryReadNumber(text, out seq));
    }

    private static bool TryReadNumber(string text, [NotNullWhen(true)] out long? number)
    {
        number = null;
        if (text.Length is 0 or > 16
            || !text.All(char.IsAsciiDigit)
            || !long.TryParse(text, out var value)
            || value > ProtocolConstants.MaxSeq)
        {
            return false;
        }

        number = value;
        return true;
    }
}
