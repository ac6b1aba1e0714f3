using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>The escalation policy (docs/protocol.md, section 11).</summary>
internal sealed record PolicyDocument(
    IReadOnlyList<PolicyStep>? Steps, IReadOnlyList<PolicyInform>? AlwaysInform, double? AcknowledgeTimeoutS)
{
    public static PolicyDocument Of(EscalationPolicy policy) => new(
        [.. policy.Steps.Select(static step => new PolicyStep(AlertNames.Of(step.Level), step.Delay.TotalSeconds, step.Channels))],
        [.. policy.AlwaysInform.Select(static inform => new PolicyInform(inform.Rule, AlertNames.Of(inform.Level)))],
        policy.AcknowledgeTimeout.TotalSeconds);

    public EscalationPolicy Read(BodyCheck check) => new(
        [.. check.NeededList("steps", Steps, AlertLimits.Steps).Select((step, index) => step.Read(check.Within($"steps[{index}]")))],
        [
            .. check.List("always_inform", AlwaysInform, AlertLimits.Inform)
                .Select((inform, index) => inform.Read(check.Within($"always_inform[{index}]")))
        ],
        check.NeededSeconds("acknowledge_timeout_s", AcknowledgeTimeoutS, 1, EscalationPolicy.Longest.TotalSeconds));
}

internal sealed record PolicyStep(string? Level, double? DelayS, IReadOnlyList<string>? Channels)
{
    public EscalationStep Read(BodyCheck check) => new(
        check.NeededChoice<EscalationLevel>("level", Level, AlertNames.Of),
        check.NeededSeconds("delay_s", DelayS, 0, EscalationPolicy.Longest.TotalSeconds),
        check.NeededTexts("channels", Channels, AlertLimits.Channels, AlertLimits.Name));
}

internal sealed record PolicyInform(string? Rule, string? Level)
{
    public AlwaysInform Read(BodyCheck check)
        => new(check.NeededText("rule", Rule, AlertLimits.Name), check.NeededChoice<EscalationLevel>("level", Level, AlertNames.Of));
}

/// <summary>Changes the escalation policy.</summary>
internal sealed record PolicyBody(IReadOnlyList<PolicyStep>? Steps, IReadOnlyList<PolicyInform>? AlwaysInform, double? AcknowledgeTimeoutS)
    : OperatorBody
{
    public EscalationPolicy Read(BodyCheck check) => new PolicyDocument(Steps, AlwaysInform, AcknowledgeTimeoutS).Read(check);
}
