using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Delivery;

/// <summary>Where dead letters are posted. Configuration section <c>Netra:Delivery:Webhook</c>.</summary>
public sealed class WebhookOptions
{
    /// <summary>
    /// The receiver, an absolute <c>http</c> or <c>https</c> URL. Default none: nothing is posted. Needs <see cref="Secret"/>.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>What posts are signed with: <c>whsec_</c> and 24 to 64 bytes in base64. Default none. Needs <see cref="Url"/>.</summary>
    public string? Secret { get; set; }

    /// <summary>How long the receiver may take to answer. Range 1 s to 5 min, default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How often a dead letter is posted until it is taken. Range 1 to 100, default 12: two to three hours. Then
    /// its webhook is <c>failed</c>.
    /// </summary>
    [Range(1, 100)]
    public int Tries { get; set; } = 12;

    /// <summary>
    /// The pause after the first try. Range 1 s to 1 h, default 5 s. Each pause after it is twice as long as the
    /// one before, give or take a fifth.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The longest pause that is not the receiver's wish. Range 1 s to 1 day, default 1 h, and not below <see cref="FirstRetry"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxRetryPause { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Whether dead letters are posted at all.</summary>
    internal bool IsEnabled => !string.IsNullOrEmpty(Url);
}
