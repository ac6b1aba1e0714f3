using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Gate;

/// <summary>
/// Whether the pipeline takes lifecycle events only (docs/protocol.md, section 11.2): by hand, or by remediation. All connections are told
/// when it begins. Safe from any thread; asking takes no lock, and the lock guards changes.
/// </summary>
internal sealed partial class EmergencyMode(FailureAudience audience, ILogger<EmergencyMode> logger, TimeProvider time)
{
    private readonly Lock _gate = new();
    private EmergencyState? _state;

    public bool IsOn => Volatile.Read(ref _state) is not null;

    /// <summary>Who began it, when and why; null while it is off.</summary>
    public EmergencyState? State => Volatile.Read(ref _state);

    public string Reason => State?.Reason ?? "it has just ended";

    /// <summary>Begins it; one that is on stays as it is.</summary>
    /// <returns>Whether it was off.</returns>
    public bool TryEnter(string reason, string author, bool isAutomatic)
    {
        lock (_gate)
        {
            if (_state is not null)
            {
                return false;
            }

            Volatile.Write(ref _state, new EmergencyState(reason, author, time.GetUtcNow(), isAutomatic));
        }

        Log.Entered(logger, author, reason);
        audience.TellAll(Message());
        return true;
    }

    /// <summary>Ends it.</summary>
    /// <returns>Whether it was on.</returns>
    public bool TryLeave(string author)
    {
        lock (_gate)
        {
            if (_state is null)
            {
                return false;
            }

            Volatile.Write(ref _state, null);
        }

        Log.Left(logger, author);
        return true;
    }

    /// <summary>What a connection that has opened meanwhile is told; null while the mode is off.</summary>
    public ErrorMessage? Notice => IsOn ? Message() : null;

    private ErrorMessage Message() => new(
        FailureCodes.WireName(FailureCode.EmergencyMode),
        $"The service is in emergency mode: {Reason}. You see what agents do, but not the text they stream.",
        "error",
        (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds);

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.EmergencyModeEntered,
            LogLevel.Error,
            "EMERGENCY MODE is on, by {Author}: {Reason}. Tokens and custom events are refused; lifecycle events go on",
            EventName = nameof(EventIds.EmergencyModeEntered))]
        public static partial void Entered(ILogger logger, string author, string reason);

        [LoggerMessage(
            EventIds.EmergencyModeLeft,
            LogLevel.Warning,
            "EMERGENCY MODE is off, by {Author}",
            EventName = nameof(EventIds.EmergencyModeLeft))]
        public static partial void Left(ILogger logger, string author);
    }
}

/// <summary>An emergency that is on.</summary>
/// <param name="Reason">Why, for people.</param>
/// <param name="Author">Who began it.</param>
/// <param name="Since">Since when.</param>
/// <param name="IsAutomatic">Whether the pipeline began it, so that it ends it too.</param>
internal sealed record EmergencyState(string Reason, string Author, DateTimeOffset Since, bool IsAutomatic);
