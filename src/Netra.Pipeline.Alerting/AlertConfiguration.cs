namespace Netra.Pipeline.Alerting;

/// <summary>All that can be changed of alerting while it runs. Immutable.</summary>
/// <param name="Rules">The rules' settings. A rule that is not among them is as it is built in.</param>
/// <param name="Policy">Who is told.</param>
/// <param name="Silences">What nobody is told of.</param>
public sealed record AlertConfiguration(IReadOnlyList<RuleSettings> Rules, EscalationPolicy Policy, IReadOnlyList<AlertSilence> Silences);
