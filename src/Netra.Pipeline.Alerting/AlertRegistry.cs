namespace Netra.Pipeline.Alerting;

/// <summary>
/// The state of alerting: rules, policy, alerts, incidents and silences. Whatever changes is noted in <see cref="AlertChanges"/>. Bounded by the rules, their labels and the limits of the options. Not thread-safe.
/// </summary>
internal sealed class AlertRegistry
{
    private const string PolicyId = "policy";

    private readonly AlertRules _builtIn;
    private readonly Dictionary<string, AlertRule> _rules;
    private readonly SortedDictionary<string, Alert> _alerts = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Incident> _incidents = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, AlertSilence> _silences = new(StringComparer.Ordinal);

    /// <summary>The state as it was stored.</summary>
    /// <param name="rules">The rules as they are built in.</param>
    /// <param name="policy">Who is told, unless another policy was set.</param>
    /// <param name="documents">What was stored.</param>
    public AlertRegistry(AlertRules rules, EscalationPolicy policy, IEnumerable<StoredDocument> documents)
    {
        (_builtIn, Policy) = (rules, policy);
        _rules = rules.All.ToDictionary(static rule => rule.Name, StringComparer.Ordinal);
        foreach (var document in documents)
        {
            Load(document);
        }
    }

    /// <summary>Who is told of incidents that begin now.</summary>
    public EscalationPolicy Policy { get; private set; }

    /// <summary>What has changed since it was last taken.</summary>
    public AlertChanges Changes { get; private set; } = new();

    /// <summary>The rules as they are now, in the order of their table.</summary>
    public IEnumerable<AlertRule> Rules => _builtIn.All.Select(rule => _rules[rule.Name]);

    public IReadOnlyCollection<Alert> Alerts => _alerts.Values;

    public IReadOnlyCollection<Incident> Incidents => _incidents.Values;

    public IReadOnlyCollection<AlertSilence> Silences => _silences.Values;

    public AlertChanges TakeChanges()
    {
        var taken = Changes;
        Changes = new AlertChanges();
        return taken;
    }

    public AlertRule? Rule(string name) => _rules.GetValueOrDefault(name);

    public AlertRule? BuiltIn(string name) => _builtIn.Find(name);

    public Alert? Alert(string id) => _alerts.GetValueOrDefault(id);

    public Incident? Incident(string scope) => _incidents.GetValueOrDefault(scope);

    public AlertSilence? Silence(string id) => _silences.GetValueOrDefault(id);

    public AlertSilence? SilenceOf(Alert alert)
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

    /// <summary>Takes an alert as it stands now. Only what a restart needs makes a change to store: not the value, which comes anew every second.</summary>
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

    /// <summary>Changes a rule. One that is as it is built in follows the configuration again.</summary>
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
                // A rule that this version does not have.
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
