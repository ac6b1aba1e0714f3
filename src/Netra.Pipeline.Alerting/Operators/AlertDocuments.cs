using System.Text.Json;
using Netra.Pipeline.Http;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>Writes what there is of alerts (docs/protocol.md, section 11). Stateless.</summary>
internal static class AlertDocuments
{
    public static void Write(Utf8JsonWriter json, AlertView alert)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, alert.Id);
        json.WriteString("name"u8, alert.Name);
        json.WriteString("severity"u8, AlertNames.Of(alert.Severity));
        json.WriteString("state"u8, AlertNames.Of(alert.State));
        json.WriteNumber("since"u8, JsonAnswer.Seconds(alert.Since));
        WriteNumber(json, "value"u8, alert.Value);
        WriteNumber(json, "threshold"u8, alert.Threshold);
        WriteTexts(json, "labels"u8, alert.Labels);
        json.WriteString("summary"u8, alert.Summary);
        json.WriteString("level"u8, alert.Level is { } level ? AlertNames.Of(level) : null);
        if (alert.AcknowledgedBy is not null)
        {
            json.WriteString("acknowledged_by"u8, alert.AcknowledgedBy);
            json.WriteNumber("acknowledged_until"u8, JsonAnswer.Seconds(alert.AcknowledgedUntil!.Value));
        }

        if (alert.SilencedBy is not null)
        {
            json.WriteString("silenced_by"u8, alert.SilencedBy);
        }

        if (alert.ResolvedAt is { } resolved)
        {
            json.WriteNumber("resolved_at"u8, JsonAnswer.Seconds(resolved));
        }

        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, AlertHistoryEntry entry)
    {
        json.WriteStartObject();
        json.WriteNumber("number"u8, entry.Number);
        json.WriteNumber("at"u8, JsonAnswer.Seconds(entry.At));
        json.WriteString("what"u8, entry.What);
        if (entry.AlertId is not null)
        {
            json.WriteString("alert_id"u8, entry.AlertId);
        }

        if (entry.Name is not null)
        {
            json.WriteString("name"u8, entry.Name);
        }

        json.WriteString("detail"u8, entry.Detail);
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, AuditRecord entry)
    {
        json.WriteStartObject();
        json.WriteNumber("number"u8, entry.Number);
        json.WriteNumber("at"u8, JsonAnswer.Seconds(entry.At));
        json.WriteString("author"u8, entry.Author);
        json.WriteString("action"u8, entry.Action);
        json.WriteString("subject"u8, entry.Subject);
        json.WriteString("detail"u8, entry.Detail);
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, AlertSilence silence)
    {
        json.WriteStartObject();
        WriteMembers(json, silence);
        json.WriteEndObject();
    }

    public static void WriteMembers(Utf8JsonWriter json, AlertSilence silence)
    {
        json.WriteString("id"u8, silence.Id);
        if (silence.Rule is not null)
        {
            json.WriteString("rule"u8, silence.Rule);
        }

        WriteTexts(json, "labels"u8, silence.Labels);
        json.WriteString("comment"u8, silence.Comment);
        json.WriteString("author"u8, silence.Author);
        json.WriteNumber("created_at"u8, JsonAnswer.Seconds(silence.CreatedAt));
        json.WriteNumber("ends_at"u8, JsonAnswer.Seconds(silence.EndsAt));
    }

    /// <summary>What can be changed of a rule, as configurations have it.</summary>
    public static void WriteMembers(Utf8JsonWriter json, RuleSettings rule)
    {
        json.WriteString("name"u8, rule.Name);
        json.WriteBoolean("enabled"u8, rule.IsEnabled);
        json.WriteString("severity"u8, AlertNames.Of(rule.Severity));
        json.WriteNumber("threshold"u8, rule.Threshold);
        json.WriteNumber("clear_threshold"u8, rule.ClearThreshold);
        json.WriteNumber("for_s"u8, rule.For.TotalSeconds);
        json.WriteNumber("keep_firing_s"u8, rule.KeepFiring.TotalSeconds);
    }

    /// <summary>All of a rule.</summary>
    public static void WriteMembers(Utf8JsonWriter json, AlertRule rule)
    {
        WriteMembers(json, RuleSettings.Of(rule));
        json.WriteString("signal"u8, rule.Signal);
        json.WriteString("comparison"u8, AlertNames.Of(rule.Comparison));
        if (rule.LabelName is not null)
        {
            json.WriteStartObject("label"u8);
            json.WriteString("name"u8, rule.LabelName);
            json.WriteString("value"u8, rule.LabelValue);
            json.WriteEndObject();
        }

        WriteNames(json, "inhibited_by", rule.InhibitedBy);
        json.WriteString("summary"u8, rule.Summary);
        json.WriteString("description"u8, rule.Description);
    }

    public static void Write(Utf8JsonWriter json, AlertRule rule)
    {
        json.WriteStartObject();
        WriteMembers(json, rule);
        json.WriteEndObject();
    }

    public static void WriteMembers(Utf8JsonWriter json, EscalationPolicy policy)
    {
        json.WriteStartArray("steps"u8);
        foreach (var step in policy.Steps)
        {
            json.WriteStartObject();
            json.WriteString("level"u8, AlertNames.Of(step.Level));
            json.WriteNumber("delay_s"u8, step.Delay.TotalSeconds);
            WriteNames(json, "channels", step.Channels);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("always_inform"u8);
        foreach (var inform in policy.AlwaysInform)
        {
            json.WriteStartObject();
            json.WriteString("rule"u8, inform.Rule);
            json.WriteString("level"u8, AlertNames.Of(inform.Level));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("acknowledge_timeout_s"u8, policy.AcknowledgeTimeout.TotalSeconds);
    }

    public static void WriteMembers(Utf8JsonWriter json, AlertConfiguration configuration)
    {
        json.WriteNumber("version"u8, 1);
        json.WriteStartArray("rules"u8);
        foreach (var rule in configuration.Rules)
        {
            json.WriteStartObject();
            WriteMembers(json, rule);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("escalation_policy"u8);
        WriteMembers(json, configuration.Policy);
        json.WriteEndObject();
        JsonAnswer.WriteList(json, "silences", configuration.Silences, Write);
    }

    private static void WriteNames(Utf8JsonWriter json, string name, IEnumerable<string> names)
        => JsonAnswer.WriteList(json, name, names, static (json, item) => json.WriteStringValue(item));

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> name, double? value)
    {
        // JSON has no infinity; a value that is one is so far above everything that its threshold says enough.
        if (value is { } number && double.IsFinite(number))
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyDictionary<string, string> texts)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in texts)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }
}
