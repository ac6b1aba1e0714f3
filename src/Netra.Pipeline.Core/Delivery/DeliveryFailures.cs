using System.Text.Json;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Delivery;

/// <summary>The failures of delivery, none of which has a caller to throw to.</summary>
internal static class DeliveryFailures
{
    /// <summary>Critical events of one user became dead letters.</summary>
    public static Failure GivenUp(IReadOnlyList<DeadLetter> letters, int attempts)
    {
        var (from, to) = (letters[0].Seq, letters[^1].Seq);
        var what = letters.Count == 1 ? $"Event {from} was" : $"{letters.Count} critical events from {from} to {to} were";
        var (threadId, runId) = RunOf(letters);
        return new Failure(
            FailureCode.CriticalDeliveryFailed,
            "deliver",
            $"{what} sent {attempts} times, "
            + $"and no device confirmed {(letters.Count == 1 ? "it; it is a dead letter" : "them; they are dead letters")} now.")
        {
            UserKey = letters[0].UserId,
            ThreadId = threadId,
            RunId = runId,
            Numbers = new Dictionary<string, long>(StringComparer.Ordinal)
            {
                ["from"] = from,
                ["to"] = to,
                ["count"] = letters.Count,
                ["attempts"] = attempts,
            },
        };
    }

    /// <summary>Something in the background failed, perhaps more than once.</summary>
    public static Failure Trouble(string operation, string what, long count, Exception? exception = null) => new(
        FailureCode.BackgroundFailed, operation, exception is null ? $"{what}." : $"{what}: {exception.Message}")
    {
        Exception = exception,
        Numbers = Count(count),
    };

    /// <summary>The webhook's receiver did not take dead letters.</summary>
    public static Failure Webhook(string what, long count) => new(
        FailureCode.WebhookFailed,
        "webhook",
        $"{count} dead letters were not taken by the webhook after their last try; the last one: {what}")
    {
        Numbers = Count(count),
    };

    /// <summary>Dead letters were deleted that were still waiting for an operator.</summary>
    public static Failure LettersGone(long count, DeliveryOptions options) => new(
        FailureCode.EventDropped,
        "dead letters",
        $"{count} dead letters are deleted that nobody had dealt with: they were older than {options.DeadLetterRetention} "
            + "(Netra:Delivery:DeadLetterRetention), "
            + $"or there were more than {options.MaxDeadLetters} (Netra:Delivery:MaxDeadLetters).")
    {
        Numbers = Count(count),
    };

    /// <summary>An embedded run was open when the last process ended.</summary>
    public static Failure Interrupted(FailureScope scope, string agentName) => Failure.In(
        FailureCode.ServerRestart,
        scope,
        $"The server's process ended while agent {agentName} was running; the run has failed, and must be started anew.");

    private static Dictionary<string, long> Count(long count) => new(StringComparer.Ordinal) { ["count"] = count };

    // Where all of them are of one run, the page shows the failure there.
    private static (string? ThreadId, string? RunId) RunOf(IReadOnlyList<DeadLetter> letters)
    {
        (string? ThreadId, string? RunId)? common = null;
        foreach (var letter in letters)
        {
            using var json = JsonDocument.Parse(letter.Buffer.AsMemory(OwnerTag.Length));
            var run = (Member(json, "thread_id"), Member(json, "run_id"));
            if ((common ??= run) != run)
            {
                return (null, null);
            }
        }

        return common ?? (null, null);
    }

    private static string? Member(JsonDocument json, string name)
        => json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
