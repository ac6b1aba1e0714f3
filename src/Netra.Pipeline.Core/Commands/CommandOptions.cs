using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Commands;

/// <summary>How long what pages want of backends waits for them. Configuration section <c>Netra:Commands</c>.</summary>
public sealed class CommandOptions
{
    /// <summary>
    /// How long a command is one reader's before it is given to another, or again. Range 1 s to 1 h, default 15 s: longer than a backend
    /// takes to note it down, and short beside what people wait for.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long nobody may have taken a <c>cancel_run</c> before its user is told. Range 1 s to 1 day, default 30 s: somebody looks at the
    /// page and waits.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CancelTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long nobody may have taken a <c>chat_message</c> before its user is told. Range 1 s to 1 day, default 5 min: a backend that is
    /// deployed anew is back by then.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MessageTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// For how long the messages of pages go to a publisher that has subscribed to them and reads no more. Range 1 s to 7 days, default
    /// 10 min. Afterwards they go to the handler in the process again.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan SubscriptionTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How many commands of one publisher may be untaken. Range 1 to 1,000,000, default 10,000. One more is refused with
    /// <c>message_rejected</c>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxWaiting { get; set; } = 10_000;
}
