namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>What is posted to a channel's provider.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Body">JSON.</param>
internal sealed record ChannelPost(Uri Url, byte[] Body)
{
    /// <summary>Header fields besides those of the body.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>What must not come out in a message, though the provider might repeat it. Default: what the URL says besides its host.</summary>
    public string Secret { get; init; } = Url.PathAndQuery;
}
