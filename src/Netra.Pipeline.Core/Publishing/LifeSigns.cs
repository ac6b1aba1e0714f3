using System.Text.Json;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Publishing;

/// <summary>Reads signs of life and gives them to their run.</summary>
internal static class LifeSigns
{
    /// <summary>Renews a run's lease.</summary>
    /// <param name="request">The sign.</param>
    /// <param name="emitter">The run's emitter.</param>
    /// <param name="scope">Whose it is, for the failure.</param>
    /// <returns>How long may pass until the next one; and what completes when the log has stored what there is to be stored.</returns>
    /// <exception cref="SendFailureException">It is malformed, or the run has not begun (<c>invalid_event</c>), or has ended (<c>run_ended</c>).</exception>
    public static (TimeSpan Left, Task Stored) Give(in PublishRequest request, EventEmitter emitter, in FailureScope scope)
        => request.LifeSign == LifeSign.Waiting
            ? emitter.BeginWait(ReadUntil(request.Data, scope))
            : (emitter.Heartbeat(), Task.CompletedTask);

    private static DateTimeOffset ReadUntil(ReadOnlyMemory<byte> data, in FailureScope scope)
    {
        var json = new Utf8JsonReader(data.IsEmpty ? "{}"u8 : data.Span);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isUntil = json.ValueTextEquals("until"u8);
            json.Read();
            if (!isUntil)
            {
                json.Skip();
            }
            else if (json.TokenType == JsonTokenType.Number && json.TryGetDouble(out var seconds) && seconds is >= 0 and < MaxSeconds)
            {
                return DateTimeOffset.UnixEpoch.AddSeconds(seconds);
            }
            else
            {
                break;
            }
        }

        throw SendFailureException.InvalidEvent(scope, "data.until", "must be a Unix time in seconds");
    }

    // The year 9999.
    private const double MaxSeconds = 253_402_300_799;
}
