using System.Text.Json.Nodes;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>
/// The events that frame one run. None of them is cancelled with the run: a page that was told a run was accepted must see it begin, and
/// a device that saw it begin must see it end. Used by one run, one call at a time.
/// </summary>
internal sealed class RunEvents(RunScope run)
{
    // The most bytes that a character takes (as \u0000), and that the rest of a token event takes.
    private const int MaxBytesPerChar = 6;
    private const int EnvelopeBytes = 2_048;

    private readonly long _started = run.Services.Time.GetTimestamp();
    private readonly int _maxPieceLength = Math.Clamp((run.Services.MaxEventBytes - EnvelopeBytes) / MaxBytesPerChar, 16, 8_192);
    private char _held;
    private long _withheld;

    private string AgentName => run.Request.Agent.Name;

    /// <summary>How many events of text were streamed.</summary>
    public long Tokens { get; private set; }

    public TimeSpan Duration => run.Services.Time.GetElapsedTime(_started);

    public async ValueTask StartedAsync()
    {
        var preview = run.Services.Options.QuestionPreviewLength;
        var input = run.Request.Input;
        var metadata = preview == 0
            ? null
            : new JsonObject { ["question"] = input.Length <= preview ? input : input[..Cut(input, preview)] };
        await run.Emitter.AgentStartedAsync(AgentName, metadata, run.Request.Parent?.Context.RunId);
    }

    /// <summary>
    /// Streams what the agent yielded, in several events where it is long: an agent that does not stream may yield a whole answer at once.
    /// Half a character at the end waits for its other half, since alone it cannot be written as UTF-8.
    /// </summary>
    public async ValueTask TokenAsync(string piece, CancellationToken cancellationToken)
    {
        piece = TakeHeld() + piece;
        if (piece.Length > 0 && char.IsHighSurrogate(piece[^1]))
        {
            _held = piece[^1];
            piece = piece[..^1];
        }

        await SendAsync(piece, cancellationToken);
    }

    /// <summary>Streams the half character at the end whose other half has not come.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => SendAsync(TakeHeld(), cancellationToken);

    private async ValueTask SendAsync(string piece, CancellationToken cancellationToken)
    {
        for (var at = 0; at < piece.Length;)
        {
            var length = Cut(piece.AsSpan(at), _maxPieceLength);
            try
            {
                await run.Emitter.TokenAsync(length == piece.Length ? piece : piece.Substring(at, length), cancellationToken);
                Tokens++;
            }
            catch (SendFailureException refused) when (refused.Code == FailureCode.EmergencyMode)
            {
                // The run goes on without its text; its end says how much was not shown.
                _withheld += length;
            }

            at += length;
        }
    }

    public async ValueTask CompletedAsync() => await run.Emitter.AgentCompletedAsync(
        AgentName,
        Duration,
        _withheld == 0 ? null : new JsonObject { ["withheld_characters"] = _withheld, ["withheld_because"] = "emergency_mode" });

    public async ValueTask FailedAsync(Exception failure) =>
        await run.Emitter.AgentFailedAsync(AgentName, RunFailures.ToError(failure, FailureCode.AgentFailed), Duration);

    public async ValueTask CancelledAsync(string? reason) => await run.Emitter.AgentCancelledAsync(AgentName, reason, Duration);

    private string TakeHeld()
    {
        var held = _held == '\0' ? string.Empty : _held.ToString();
        _held = '\0';
        return held;
    }

    // Not in the middle of a surrogate pair: half a character is not valid UTF-8.
    private static int Cut(ReadOnlySpan<char> text, int limit) =>
        text.Length <= limit ? text.Length : limit > 1 && char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit;
}
