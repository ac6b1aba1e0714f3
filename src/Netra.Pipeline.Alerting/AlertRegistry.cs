namespace Netra.Pipeline.Alerting;

/// <summary>
/// The state of alerting: rules, policy, alerts, incidents and silences. Each change is recorded in <see cref="Changes"/>. Bounded by the
/// rules, their labels and the limits of the options. Not thread-safe.
/// </summary>
internal sealed class AlertRegistry
{
    private const string PolicyId = "policy";

    private readonly AlertRules _builtIn;
    private readonly Dictionary<string, AlertRule> _rules;
    private readonly SortedDictionary<string, Alert> _alerts = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Incident> _incidents = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, AlertSilence> _silences = new(StringComparer.Ordinal);

    /// <summary>Makes the state from the stored documents.</summary>
    /// <param name="rules">The built-in rules.</param>
    /// <param name="policy">The configured policy, which counts unless an operator has set another one.</param>
    /// <param name="documents">The stored documents.</param>
    public AlertRegistry(AlertRules rules, EscalationPolicy policy, IEnumerable<StoredDocument> documents)
    {
        (_builtIn, Policy) = (rules, policy);
        _rules = rules.All.ToDictionary(static rule => rule.Name, StringComparer.Ordinal);
        foreach (var document in documents)
        {
            Load(document);
        }
    }

    /// <summary>The policy of incidents that begin now.</summary>
    public EscalationPolicy Policy { get; private set; }

    /// <summary>The changes since they were last taken.</summary>
    public AlertChanges Changes { get; private set; } = new();

    /// <summary>The rules with their present settings, in the order of their table.</summary>
    public IEnumerable<AlertRule> Rules => _builtIn.All.Select(rule => _rules[rule.Name]);

    public IReadOnlyCollection<Alert> Alerts => _alerts.Values;

    public IReadOnlyCollection<Incident> Incidents => _incidents.Values;

    public IReadOnlyCollection<AlertSilence> Silences => _silences.Values;

    /// <summary>The rules' settings, the policy and the silences as they are now.</summary>
    public AlertConfiguration Configuration => new([.. Rules.Select(RuleSettings.Of)], Policy, [.. Silences]);

    public AlertChanges TakeChanges()
    {
        var taken = Changes;
        Changes = new AlertChanges();
        return taken;
    }

    public AlertRule? Rule(string name) => _rules.GetValueOrDefault(name);

    public Alert? Alert(string id) => _alerts.GetValueOrDefault(id);

    public Incident? Incident(string scope) => _incidents.GetValueOrDefault(scope);

    public AlertSilence? Silence(string id) => _silences.GetValueOrDefault(id);

    public AlertSilence? SilenceFor(Alert alert)
    {
        foreach (var silence in _silences.Values)
        {
            if (silence.Matches(alert))
            {
                return silence;
            }
        }

        return null;
    }

    /// <summary>Adds or replaces an alert. A new value alone is no change to store: after a restart it is measured again.</summary>
    public void Put(Alert alert)
    {
        var previous = Alert(alert.Id);
        _alerts[alert.Id] = alert;
        if (previous is null || previous with { Value = alert.Value } != alert)
        {
            Changes.Save(DocumentKind.Alert, alert.Id, alert);
        }
    }

    public void Remove(Alert alert)
    {
        if (_alerts.Remove(alert.Id))
        {
            Changes.Delete(DocumentKind.Alert, alert.Id);
        }
    }

    public void Put(Incident incident)
    {
        if (!ReferenceEquals(Incident(incident.Scope), incident))
        {
            _incidents[incident.Scope] = incident;
            Changes.Save(DocumentKind.Incident, incident.Scope, incident);
        }
    }

    public void Remove(Incident incident)
    {
        _incidents.Remove(incident.Scope);
        Changes.Delete(DocumentKind.Incident, incident.Scope);
    }

    public void Put(AlertSilence silence)
    {
        _silences[silence.Id] = silence;
        Changes.Save(DocumentKind.Silence, silence.Id, silence);
    }

    public void Remove(AlertSilence silence)
    {
        _silences.Remove(silence.Id);
        Changes.Delete(DocumentKind.Silence, silence.Id);
    }

    /// <summary>
    /// Changes a rule. Settings equal to the built-in ones are not stored, so that the rule follows the configuration again.
    /// </summary>
    public void Put(RuleSettings settings)
    {
        var builtIn = _builtIn.Find(settings.Name)!;
        _rules[settings.Name] = settings.ApplyTo(builtIn);
        if (settings == RuleSettings.Of(builtIn))
        {
            Changes.Delete(DocumentKind.Rule, settings.Name);
        }
        else
        {
            Changes.Save(DocumentKind.Rule, settings.Name, settings);
        }
    }

    public void Put(EscalationPolicy policy)
    {
        Policy = policy;
        Changes.Save(DocumentKind.Policy, PolicyId, policy);
    }

    /// <summary>Replaces the rules' settings, the policy and the silences.</summary>
    public void Replace(AlertConfiguration configuration)
    {
        foreach (var rule in _builtIn.All)
        {
            Put(configuration.Rules.FirstOrDefault(settings => settings.Name == rule.Name) ?? RuleSettings.Of(rule));
        }

        Put(configuration.Policy);
        foreach (var silence in _silences.Values.ToList())
        {
            Remove(silence);
        }

        foreach (var silence in configuration.Silences)
        {
            Put(silence);
        }
    }

    private void Load(in StoredDocument document)
    {
        switch (document.Kind)
        {
            case DocumentKind.Alert:
                _alerts[document.Id] = AlertJson.Read<Alert>(document.Json);
                break;
            case DocumentKind.Incident:
                _incidents[document.Id] = AlertJson.Read<Incident>(document.Json);
                break;
            case DocumentKind.Silence:
                _silences[document.Id] = AlertJson.Read<AlertSilence>(document.Json);
                break;
            case DocumentKind.Rule when _builtIn.Find(document.Id) is { } rule:
                _rules[document.Id] = AlertJson.Read<RuleSettings>(document.Json).ApplyTo(rule);
                break;
            case DocumentKind.Rule:
                // This version has no such rule.
                Changes.Delete(DocumentKind.Rule, document.Id);
                break;
            case DocumentKind.Policy:
                Policy = AlertJson.Read<EscalationPolicy>(document.Json);
                break;
            case DocumentKind.Outbox:
                break;
            default:
                throw new InvalidDataException($"a document of kind {document.Kind} is not known; it was written by a newer program");
        }
    }
}
