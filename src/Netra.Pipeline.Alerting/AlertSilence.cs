namespace Netra.Pipeline.Alerting;

/// <summary>A silence: for a while, no notifications are sent of alerts that match it. Immutable.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Rule">The rule; null for all rules.</param>
/// <param name="Labels">The labels that an alert must have; none for any.</param>
/// <param name="Comment">Why; 1 to 1,000 characters.</param>
/// <param name="Author">The operator who made it.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="EndsAt">Until when it counts.</param>
public sealed record AlertSilence(
    string Id,
    string? Rule,
    IReadOnlyDictionary<string, string> Labels,
    string Comment,
    string Author,
    DateTimeOffset CreatedAt,
    DateTimeOffset EndsAt)
{
    internal bool Matches(Alert alert)
    {
        // An operator raises an emergency alert so that it is heard.
        if (alert.IsEmergency || (Rule is not null && Rule != alert.RuleName))
        {
            return false;
        }

        var labels = alert.Labels();
        return Labels.All(wanted => labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value);
    }
}
