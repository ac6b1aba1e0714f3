namespace Netra.Pipeline.Alerting;

/// <summary>
/// All channels: those that the host registers as <see cref="INotifier"/>, and those that its configuration turns on. Immutable.
/// </summary>
internal sealed class AlertChannels
{
    /// <param name="all">The channels, in no order that means anything.</param>
    /// <exception cref="InvalidOperationException">Two of them have the same name.</exception>
    public AlertChannels(IReadOnlyList<INotifier> all)
    {
        All = all;
        var doubled = all
            .GroupBy(static channel => channel.Name, StringComparer.Ordinal)
            .FirstOrDefault(static same => same.Skip(1).Any());
        if (doubled is not null)
        {
            var types = string.Join(" and ", doubled.Select(static channel => channel.GetType().Name));
            throw new InvalidOperationException($"Two alert channels are called {doubled.Key}: {types}.");
        }
    }

    /// <summary>The channels; no two have the same name.</summary>
    public IReadOnlyList<INotifier> All { get; }
}
