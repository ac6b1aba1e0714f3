using System.Buffers;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// One event as its publisher sent it, read and checked. What it holds are slices of what was read, or of an array that goes back when it
/// is disposed: it ends with the publish.
/// </summary>
/// <param name="Target">Whose event it is.</param>
internal readonly record struct PublishedEvent(PublishTarget Target) : IDisposable
{
    /// <summary>What is wrong with its JSON, or with a member beside <c>data</c>. Only whom it names may be believed then.</summary>
    public string? Malformed { get; init; }

    /// <summary>
    /// What is wrong with its type or its data. Whose event it is comes first: an id that is not valid is told before this.
    /// </summary>
    public string? Invalid { get; init; }

    /// <summary>Whether it is a sign of life instead of an event.</summary>
    public LifeSign Sign { get; init; }

    /// <summary>Until when its run waits; null where the sign of life does not say so properly.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The key under which it is published; null for none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The command that it acknowledges; null for an event.</summary>
    public string? CommandAck { get; init; }

    /// <summary>Its type and its data, compact; none where something is wrong, and for signs of life.</summary>
    public PublishedData Data { get; init; }

    /// <summary>The array to give back.</summary>
    public byte[]? Rented { get; init; }

    /// <summary>What is wrong, as its publisher is told.</summary>
    public static string ProblemOf(string member, string problem) => $"{EventPublisher.Operation} was refused: '{member}' {problem}";

    public void Dispose()
    {
        if (Rented is { } array)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}

/// <summary>
/// Whose event it is, as the publisher wrote it: nothing is checked yet. Events of one run share it, and with it one emitter.
/// </summary>
internal sealed record PublishTarget(string? UserId, string? ThreadId, string? RunId, string? TraceParent, string? TraceState)
{
    /// <summary>The user's tenant, as the publisher wrote it, or else the publisher's own; empty for none.</summary>
    public string TenantId { get; init; } = string.Empty;

    /// <summary>The attempt of the run that the event names; null where it names none.</summary>
    public int? Attempt { get; init; }

    /// <summary>The scope of a refusal. An id that is not valid itself must not get into logs, nor be looked up among the users.</summary>
    public FailureScope RefusalScope => new(
        EventPublisher.Operation,
        (IdentifierRules.ProblemOfTenant(TenantId) ?? IdentifierRules.ProblemOfUser(UserId)) is null ? UserKey.Of(TenantId, UserId!) : null,
        IfValid(ThreadId),
        IfValid(RunId));

    /// <summary>An identifier; null where it is not valid.</summary>
    public static string? IfValid(string? id) => IdentifierRules.ProblemOf(id, "it") is null ? id : null;
}

/// <summary>What is published like an event and is none (docs/protocol.md, section 9.8).</summary>
internal enum LifeSign
{
    /// <summary>An event, then.</summary>
    None,

    /// <summary><c>heartbeat</c>: the run goes on.</summary>
    Heartbeat,

    /// <summary><c>waiting</c>: nothing is to be expected for a while.</summary>
    Waiting,
}
