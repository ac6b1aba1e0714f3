using Netra.Pipeline.Http;
using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>A silence (docs/protocol.md, section 11); <c>rule</c> is missing where it is of every rule.</summary>
internal sealed record SilenceDocument(
    string? Id,
    string? Rule,
    IReadOnlyDictionary<string, string>? Labels,
    string? Comment,
    string? Author,
    double? CreatedAt,
    double? EndsAt)
{
    public static SilenceDocument Of(AlertSilence silence) => new(
        silence.Id,
        silence.Rule,
        silence.Labels,
        silence.Comment,
        silence.Author,
        JsonAnswer.Seconds(silence.CreatedAt),
        JsonAnswer.Seconds(silence.EndsAt));

    /// <summary>The silence, as a configuration has it.</summary>
    public AlertSilence Read(BodyCheck check) => new(
        check.NeededText("id", Id, AlertLimits.Name),
        check.Text("rule", Rule, AlertLimits.Name),
        check.Texts("labels", Labels, AlertLimits.Labels, AlertLimits.LabelChars),
        check.NeededText("comment", Comment, AlertLimits.Comment),
        check.NeededText("author", Author, RequestAuthor.MaxChars),
        check.NeededTime("created_at", CreatedAt),
        check.NeededTime("ends_at", EndsAt));
}

internal sealed record SilenceList(IReadOnlyList<SilenceDocument> Silences)
{
    public static SilenceList Of(IEnumerable<AlertSilence> silences) => new([.. silences.Select(SilenceDocument.Of)]);
}

/// <summary>Asks for a silence.</summary>
internal sealed record SilenceBody(string? Rule, IReadOnlyDictionary<string, string>? Labels, string? Comment, double? DurationS)
    : OperatorBody
{
    private const double LongestSeconds = 365 * 86_400.0;

    public (string? Rule, IReadOnlyDictionary<string, string> Labels, string Comment, TimeSpan Duration) Read(
        BodyCheck check, AlertRules rules)
    {
        var rule = check.Text("rule", Rule, AlertLimits.Name);
        check.RefuseIf(rule is not null && rules.Find(rule) is null ? $"rule is '{rule}'; there is no such rule" : null);
        return (
            rule,
            check.Texts("labels", Labels, AlertLimits.Labels, AlertLimits.LabelChars),
            check.NeededText("comment", Comment, AlertLimits.Comment),
            check.NeededSeconds("duration_s", DurationS, 1, LongestSeconds));
    }
}

/// <summary>How much of what operators may send about alerts.</summary>
internal static class AlertLimits
{
    public const int Comment = 1000;
    public const int Name = 100;
    public const int Labels = 10;
    public const int LabelChars = 500;
    public const int Channels = 100;
    public const int Inform = 100;
    public const int Steps = 4;
    public const int Rules = 1000;
    public const int Silences = 100_000;
}
