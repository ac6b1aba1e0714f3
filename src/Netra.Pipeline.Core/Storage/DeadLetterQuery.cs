namespace Netra.Pipeline.Storage;

/// <summary>Which dead letters are listed.</summary>
public sealed record DeadLetterQuery
{
    /// <summary>Only those of a user; all when null.</summary>
    public string? UserId { get; init; }

    /// <summary>Only those in a state; all when null.</summary>
    public DeadLetterState? State { get; init; }

    /// <summary>Only those with which the webhook has come so far; all when null.</summary>
    public WebhookState? Webhook { get; init; }

    /// <summary>Only those with a higher number.</summary>
    public long After { get; init; }

    /// <summary>How many at most, from 1.</summary>
    public int Limit { get; init; } = 100;
}
