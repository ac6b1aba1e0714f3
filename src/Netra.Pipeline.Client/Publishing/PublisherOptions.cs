using System.Diagnostics.Metrics;
using System.Net.Security;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>What a <see cref="PipelinePublisher"/> is told. It is checked when the publisher is made, and not changed later.</summary>
public sealed record PublisherOptions
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Where the server is: <c>http</c> or <c>https</c>, with its prefix if it has one.</summary>
    public required Uri Address { get; init; }

    /// <summary>
    /// Where the credential comes from, an API key or a token with the right <c>publish</c>: asked before every connection.
    /// <see cref="UnauthorizedException"/> means that there is none; anything else it throws is taken for a trouble that passes. Default:
    /// none is sent.
    /// </summary>
    public Func<CancellationToken, ValueTask<string>>? GetToken { get; init; }

    /// <summary>
    /// Takes commands: messages of users, cancellations and answers of runs (docs/protocol.md, section 9.11), one after the other. A
    /// command
    /// counts as taken when this has completed; if it throws, the command comes again. Runs of this publisher hear of their own
    /// (<see cref="RemoteRun.Cancelled"/>, <see cref="RemoteRun.AskAsync"/>) without it, and before it. Default: none.
    /// </summary>
    public Func<PublisherCommand, CancellationToken, ValueTask>? CommandHandler { get; init; }

    /// <summary>Whether the messages of users are to come to <see cref="CommandHandler"/>. Default: false.</summary>
    public bool SubscribeToMessages { get; init; }

    /// <summary>Told of every event that the server has refused for good, whoever waits for its receipt. It should return soon.</summary>
    public Action<PublishRejectedException>? Rejected { get; init; }

    /// <summary>
    /// How many events may wait for their receipts; whoever publishes one more waits for room. 1 to 100,000, as many receipts as the server
    /// keeps for a request; default 1,024.
    /// </summary>
    public int MaxWaitingEvents { get; init; } = 1024;

    /// <summary>How many bytes of them. 1 KiB to 1 GiB; default 8 MiB. An event that is longer is refused at once.</summary>
    public int MaxWaitingBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>How long connecting, and the beginning of the answer, may take together. 100 ms to 1 h; default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the server may say nothing at all before it is taken for gone; it says something every 15 s. 100 ms to 1 h; default 45 s.
    /// </summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// The bound of the first pause before connecting again, or before what was refused for the time being is sent again; doubled with each
    /// that follows. 1 ms to 1 h; default 250 ms.
    /// </summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Where that bound ends. From <see cref="FirstPause"/> to 1 h; default 10 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long disposing waits for the receipts of what was published. 0 to 1 h; default 5 s.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Changes how TLS is spoken: certificates, and which of the server's are taken. Default: as the system has it.</summary>
    public Action<SslClientAuthenticationOptions>? ConfigureTls { get; init; }

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Makes the meter <c>Netra.Pipeline.Client</c>. Default: one that belongs to no host.</summary>
    public IMeterFactory? MeterFactory { get; init; }

    internal void Validate()
    {
        OptionRange.RequireServer(Address);
        OptionRange.Require(
            !SubscribeToMessages || CommandHandler is not null,
            SubscribeToMessages,
            $"false, unless there is a {nameof(CommandHandler)}",
            nameof(SubscribeToMessages));
        OptionRange.Require(MaxWaitingEvents, 1, 100_000);
        OptionRange.Require(MaxWaitingBytes, 1024, 1024 * 1024 * 1024);
        OptionRange.Require(ConnectTimeout, TimeSpan.FromMilliseconds(100), Hour);
        OptionRange.Require(AnswerTimeout, TimeSpan.FromMilliseconds(100), Hour);
        OptionRange.Require(FirstPause, Millisecond, Hour);
        OptionRange.Require(LongestPause, FirstPause, Hour);
        OptionRange.Require(CloseTimeout, TimeSpan.Zero, Hour);
    }
}
