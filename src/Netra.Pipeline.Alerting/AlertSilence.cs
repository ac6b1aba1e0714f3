namespace Netra.Pipeline.Alerting;

/// <summary>Keeps channels from being told of what matches it, for a while. Immutable.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Rule">The rule; null for all of them.</param>
/// <param name="Labels">The labels that an alert must have; none for any.</param>
/// <param name="Comment">Why; 1 to 1,000 characters.</param>
/// <param name="Author">Who made it.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="EndsAt">Until when it counts.</param>
public sealed record AlertSilence(
    string Id, string? Rule, IReadOnlyDictionary<string, string> Labels, string Comment, string Author, DateTimeOffset CreatedAt, DateTimeOffset EndsAt)
{
    internal bool Matches(Alert alert)
    {
        // What somebody raised by hand is meant to be heard.
        if (alert.IsEmergency || (Rule is not null && Rule != alert.RuleName))
        {
            return false;
        }

        var labels = alert.Labels();
        return Labels.All(wanted => labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value);
    }
}
