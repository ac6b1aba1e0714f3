using FsCheck;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Tests.Alerting;

/// <summary>What holds of alerts whatever comes: random signals, acknowledgements, silences, pauses and restarts.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class AlertEnginePropertyTests
{
    private const int Acts = 60;
    private static readonly AlertingOptions Options = new();
    private static readonly string[] Rules =
    [
        "high_latency", "very_high_latency", "low_success_rate", "very_low_success_rate", "failure_rate", "stuck_tools", "silent_failures",
    ];

    [FsCheck.NUnit.Property(MaxTest = 15)]
    public void Alerts_WhateverComes_AreNeitherLostNorToldTwice(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var engine = new EngineUnderTest();
        var beliefs = new Beliefs();
        for (var act = 0; act < Acts; act++)
        {
            Act(engine, random, random, mayRestart: true);
            beliefs.Hear(engine.Sent);
            beliefs.CheckNobodyWasMissed(engine);
        }

        Heal(engine);
        beliefs.Hear(engine.Sent);
        Assert.That(beliefs.On, Is.Empty, "every channel that knows of an open incident knows of its resolution");
    }

    [FsCheck.NUnit.Property(MaxTest = 8)]
    public void Alerts_RestartedAnywhere_AreAsWithoutARestart(DoNotSize<int> seed)
    {
        var whole = new EngineUnderTest();
        var restarted = new EngineUnderTest();
        var (random, same, restarts) = (new Random(seed.Item), new Random(seed.Item), new Random(seed.Item + 1));
        for (var act = 0; act < Acts; act++)
        {
            Act(whole, random, restarts, mayRestart: false);
            Act(restarted, same, restarts, mayRestart: true);
        }

        Assert.That(restarted.Sent.Select(Line), Is.EqualTo(whole.Sent.Select(Line)));
        Assert.That(
            restarted.History.Select(static entry => (entry.At, entry.What, entry.AlertId)),
            Is.EqualTo(whole.History.Select(static entry => (entry.At, entry.What, entry.AlertId))));

        static string Line(OutboxEntry entry)
            => $"{entry.Notification.At:O} {entry.Notification.Id} {entry.Notification.Kind} {entry.Channel} "
                + $"{entry.Notification.Level} {entry.Notification.Summary}";
    }

    private static void Act(EngineUnderTest engine, Random random, Random restarts, bool mayRestart)
    {
        switch (random.Next(12))
        {
            case <= 1:
                engine.Set(Signals.DeliveryLatency, Pick(random, 0.0, 3, 11));
                break;
            case 2:
                engine.Set(Signals.SuccessRate, Pick(random, 1.0, 0.955, 0.93, 0.5));
                break;
            case 3:
                engine.Set(Signals.Failures, Pick(random, 0.0, 31, 50), $"code{random.Next(3)}");
                break;
            case 4:
                engine.Set(Signals.StuckTools, random.Next(2));
                break;
            case 5:
                engine.Set(Signals.SilentFailures, random.Next(2), "stuck");
                break;
            case 6:
                engine.Silence(Pick(random, null, Rules[random.Next(Rules.Length)]), TimeSpan.FromSeconds(random.Next(1, 900)));
                break;
            case 7 or 8:
                var on = engine.Registry.Incidents.Where(static incident => incident.EndsAt is null)
                    .Select(static incident => incident.Scope)
                    .ToList();
                if (on.Count > 0)
                {
                    engine.Acknowledge(on[random.Next(on.Count)], TimeSpan.FromSeconds(random.Next(1, 1800)));
                }

                break;
            case 9:
                engine.Change("high_latency", rule => rule with { KeepFiring = TimeSpan.FromSeconds(random.Next(20)) });
                break;
            case 10:
                Heal(engine);
                break;
            default:
                engine.Skip(TimeSpan.FromSeconds(random.Next(400)));
                break;
        }

        // Mostly moments, now and then long enough for a cooldown or a step.
        var seconds = random.Next(8) == 0 ? random.Next(60, 700) : random.Next(1, 12);
        var until = mayRestart ? restarts.Next(seconds) : seconds;
        engine.Step(until);
        if (mayRestart)
        {
            engine.Restart();
            engine.Step(seconds - until);
        }
    }

    private static void Heal(EngineUnderTest engine)
    {
        engine.Set(Signals.DeliveryLatency, 0);
        engine.Set(Signals.SuccessRate, 1);
        engine.Set(Signals.StuckTools, 0);
        engine.Unset(Signals.SilentFailures, "stuck");
        for (var i = 0; i < 3; i++)
        {
            engine.Unset(Signals.Failures, $"code{i}");
        }

        engine.Step(21);
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];

    /// <summary>What each channel knows, at each level, from its notifications.</summary>
    private sealed class Beliefs
    {
        private readonly Dictionary<(string Rule, string Channel, EscalationLevel Level), DateTimeOffset> _triggered = [];
        private readonly Dictionary<(string Rule, string Channel, EscalationLevel Level), DateTimeOffset> _resolved = [];
        private int _heard;

        public HashSet<(string Rule, string Channel, EscalationLevel Level)> On { get; } = [];

        public void Hear(List<OutboxEntry> sent)
        {
            foreach (var entry in sent.Skip(_heard))
            {
                var (notification, key) = (entry.Notification, (entry.Notification.RuleName, entry.Channel, entry.Notification.Level));
                switch (notification.Kind)
                {
                    case NotificationKind.Trigger:
                        Assert.That(On.Add(key), Is.True, $"{key} is notified twice that it is open");
                        Assert.That(
                            _triggered.TryGetValue(key, out var last) && notification.At - last < Options.Cooldown,
                            Is.False,
                            $"{key} is triggered twice within the cooldown");
                        _triggered[key] = notification.At;
                        break;
                    case NotificationKind.Escalate:
                        On.Add(key);
                        break;
                    case NotificationKind.Resolve:
                        Assert.That(On.Remove(key), Is.True, $"{key} is notified of a resolution without a trigger");
                        _resolved[key] = notification.At;
                        break;
                    default:
                        Assert.That(On, Does.Contain(key));
                        break;
                }
            }

            _heard = sent.Count;
        }

        /// <summary>
        /// Every channel that must know of an incident has a notification of it, unless it was notified of a resolution within the
        /// cooldown.
        /// </summary>
        public void CheckNobodyWasMissed(EngineUnderTest engine)
        {
            var firing = engine.Registry.Alerts.Where(static alert => alert.State == AlertState.Firing).ToLookup(
                static alert => alert.RuleName);
            var escalating = engine.Registry.Incidents.Where(static incident => incident is { EndsAt: null, AcknowledgedUntil: null });
            foreach (var incident in escalating)
            {
                var isInhibited = engine.Registry.Rule(incident.RuleName)!.InhibitedBy.Any(firing.Contains);
                if (isInhibited || firing[incident.RuleName].All(alert => engine.Registry.SilenceFor(alert) is not null))
                {
                    continue;
                }

                foreach (var channel in incident.Policy.Steps[0].Channels)
                {
                    var key = (incident.RuleName, channel, EscalationLevel.Operations);
                    Assert.That(
                        On.Contains(key) || (_resolved.TryGetValue(key, out var at) && engine.Now - at < Options.Cooldown),
                        Is.True,
                        $"{key} is not notified");
                }
            }
        }
    }
}
