using System.Diagnostics.Metrics;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Client;

/// <summary>What an <see cref="EventClient"/> is told. It is checked when the client is made, and not changed later.</summary>
public sealed record EventClientOptions
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>
    /// Where the server is: <c>http</c> or <c>https</c>, with its prefix if it has one (<c>https://chat.example.com/netra/</c>). The
    /// WebSocket
    /// is asked for at <see cref="SocketPath"/> below it, and readiness at <c>readyz</c>.
    /// </summary>
    public required Uri Address { get; init; }

    /// <summary>The path of the WebSocket below <see cref="Address"/>; default <c>ws</c>.</summary>
    public string SocketPath { get; init; } = "ws";

    /// <summary>Who connects, in Development; elsewhere the token says it. Default: not said.</summary>
    public string? UserId { get; init; }

    /// <summary>Of which tenant, in Development. Default: not said.</summary>
    public string? TenantId { get; init; }

    /// <summary>
    /// Where tokens come from: asked before every connection, and again when the server says that the one it has is about to end.
    /// <see cref="UnauthorizedException"/> means that there is none; anything else it throws is taken for a trouble that passes. Default:
    /// none is sent.
    /// </summary>
    public Func<CancellationToken, ValueTask<string>>? GetToken { get; init; }

    /// <summary>Where a client without a past begins. Default: <see cref="EventStart.Now"/>.</summary>
    public EventStart Start { get; init; }

    /// <summary>Where the client keeps how far it has come. Default: in memory alone.</summary>
    public IResumeStore? Store { get; init; }

    /// <summary>Whether pieces of text may come joined, which costs less when much is caught up. Default: true.</summary>
    public bool JoinText { get; init; } = true;

    /// <summary>Told of every change of state. Like the other callbacks it should return soon, and what it throws ends reading.</summary>
    public Action<ClientState>? StateChanged { get; init; }

    /// <summary>Told of numbers that will not come, at their place between the events.</summary>
    public Action<LostEvents>? EventsLost { get; init; }

    /// <summary>Told when the connection is back and what was missed has been handled.</summary>
    public Action<Recovery>? Recovered { get; init; }

    /// <summary>
    /// Told that the server has another history than this client: what the application shows is of the past, and everything that is kept
    /// comes again.
    /// </summary>
    public Action? HistoryReset { get; init; }

    /// <summary>Told of failures that the user is to see (docs/protocol.md, section 8).</summary>
    public Action<ErrorMessage>? ErrorReceived { get; init; }

    /// <summary>Told when a backend has taken what one of the user's devices wanted.</summary>
    public Action<CommandTakenMessage>? CommandTaken { get; init; }

    /// <summary>Told of a run that is over and not whole.</summary>
    public Action<IncompleteRun>? RunIncomplete { get; init; }

    /// <summary>How long the handshake and the welcome may take together. 100 ms to 1 h; default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The bound of the first pause before connecting again, doubled with each that follows; the pause is anything up to it, so that a
    /// crowd
    /// spreads out. 1 ms to 1 h; default 500 ms.
    /// </summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Where that bound ends. From <see cref="FirstPause"/> to 1 h; default 20 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a message to the backend may wait for its answer, over connections. 100 ms to 1 h; default 30 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many messages to the backend may wait for their answers: one more throws <see cref="SendBufferFullException"/>. 1 to 10,000;
    /// default 32.
    /// </summary>
    public int MaxPendingRequests { get; init; } = 32;

    /// <summary>
    /// How many events may wait for the application. Beyond it reading pauses; where the application hardly moves, what comes is left to
    /// the server, and fetched when those have been handled. 1 to 1,000,000; default 1,024.
    /// </summary>
    public int InboxEvents { get; init; } = 1024;

    /// <summary>How many bytes of them, as they came. 1 KiB to 1 GiB; default 16 MiB.</summary>
    public int InboxBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// The longest message that is read; a longer one ends reading, since it would come again. 1 KiB to 256 MiB; default 1 MiB, four times
    /// what an event may be unless the server was told otherwise.
    /// </summary>
    public int MaxMessageBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// What carries the handshake and the question for readiness: a place for certificates, proxies and tests. It is not disposed. Default:
    /// one of the client's own.
    /// </summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Makes the meter <c>Netra.Pipeline.Client</c>. Default: one that belongs to no host.</summary>
    public IMeterFactory? MeterFactory { get; init; }

    internal void Validate()
    {
        OptionRange.RequireServer(Address);
        OptionRange.Require(SocketPath.AsSpan().IndexOfAny('?', '#') < 0, SocketPath, "a path alone", nameof(SocketPath));
        OptionRange.Require(ConnectTimeout, TimeSpan.FromMilliseconds(100), Hour);
        OptionRange.Require(FirstPause, Millisecond, Hour);
        OptionRange.Require(LongestPause, FirstPause, Hour);
        OptionRange.Require(RequestTimeout, TimeSpan.FromMilliseconds(100), Hour);
        OptionRange.Require(MaxPendingRequests, 1, 10_000);
        OptionRange.Require(InboxEvents, 1, 1_000_000);
        OptionRange.Require(InboxBytes, 1024, 1024 * 1024 * 1024);
        OptionRange.Require(MaxMessageBytes, 1024, 256 * 1024 * 1024);
    }
}

/// <summary>Where a client without a past begins. Closed.</summary>
public enum EventStart
{
    /// <summary>With what happens from now on.</summary>
    Now,

    /// <summary>With the first event that the server keeps.</summary>
    Beginning,
}
