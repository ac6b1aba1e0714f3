using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Notifiers;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Tests.Infrastructure;
using RangeAttribute = System.ComponentModel.DataAnnotations.RangeAttribute;

namespace Netra.Pipeline.Tests.Hosting;

/// <summary>The tables of options in docs/operations.md against the classes, and its example against alerting.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ConfigurationTablesTests
{
    private const string Variables = "| variable | option | default | allowed |";

    [Test]
    public void Monitoring_AgainstTheClass_HasEveryOption()
        => ShouldAgree("| option of `Netra:Monitoring` | default | range | what it is |", OptionsOf(new MonitoringOptions()));

    [Test]
    public void Hosting_AgainstTheClass_HasEveryOption()
        => ShouldAgree("| option of `Netra:Hosting` | default | range | what it is |", OptionsOf(new HostingOptions()));

    [Test]
    public void Load_AgainstTheClassOfLimits_HasEveryOption()
    {
        const string Section = "Limits:";
        var rows = OperationsDocument.Rows("| option of `Netra` | default | range | what it is |")
            .Select(static row => OperationsDocument.Cells(row)[0])
            .Where(static name => name.StartsWith(Section, StringComparison.Ordinal));

        Assert.That(rows, Is.EquivalentTo(OptionsOf(new PeerLimitOptions()).Select(static option => Section + option.Name)));
    }

    [Test]
    public void Alerting_AgainstTheClasses_HasEveryOption()
        => ShouldAgree("| option of `Netra:Alerting` | default | range | what it is |", OptionsOf(new AlertingOptions()));

    [Test]
    public void Channels_AgainstTheClasses_HaveEveryOption() => ShouldAgree(
        "| channel's option, of `Netra:Alerting` | default | range | what it is |",
        [
            .. OptionsOf(new PagerDutyOptions { Source = "the machine's name" }, "PagerDuty:"),
            .. OptionsOf(new SlackOptions(), "Slack:"),
            .. OptionsOf(new AlertWebhookOptions(), "Webhook:"),
            .. OptionsOf(new EmailOptions(), "Email:"),
            .. OptionsOf(new AlertmanagerOptions(), "Alertmanager:"),
        ]);

    [Test]
    public async Task Variables_WithTheirDefaults_SetWhatTheTableSays()
    {
        var rows = OperationsDocument.Rows(Variables).Select(OperationsDocument.Cells).ToList();
        (string, string)[] others = [("Netra:Alerting:Enabled", "false"), ("Netra:Alerting:Cooldown", "00:00:09")];
        await using var app = PipelineHost.Build(settings: [.. others, .. rows.Select(static cells => (cells[0], cells[2]))]).App;

        Assert.That(
            OptionsOf(app.Services.GetRequiredService<IOptions<MonitoringOptions>>().Value),
            Is.EqualTo(OptionsOf(new MonitoringOptions())));
        Assert.That(
            OptionsOf(app.Services.GetRequiredService<IOptions<AlertingOptions>>().Value), Is.EqualTo(OptionsOf(new AlertingOptions())));
        Assert.That(
            app.Services.GetRequiredService<IOptions<ConnectionOptions>>().Value.SilentFailureWindow,
            Is.EqualTo(new ConnectionOptions().SilentFailureWindow));
    }

    [Test]
    public async Task Variables_WithNonsense_AreNamedBeforeTheHostStarts()
    {
        await ShouldNameAsync<MonitoringOptions>("Netra:Monitoring");
        await ShouldNameAsync<AlertingOptions>("Netra:Alerting");
        await ShouldNameAsync<ConnectionOptions>("Netra:Connections");
    }

    [Test]
    public void Example_AsAppsettings_IsAPolicyThatMayBe()
    {
        string[] channels = ["log", "pagerduty", "slack", "email"];
        using var example = new MemoryStream(Encoding.UTF8.GetBytes(OperationsDocument.CodeAfter("### Escalation")));
        var options = new ConfigurationBuilder().AddJsonStream(example).Build().GetSection("Netra:Alerting").Get<AlertingOptions>()!;

        var policy = EscalationPolicy.From(options.Escalation, channels);

        Assert.That(policy.Problems(channels, new AlertRules()), Is.Empty);
        Assert.That(policy.Steps.Select(static step => step.Level), Is.EqualTo(Enum.GetValues<EscalationLevel>()));
        Assert.That((policy.AlwaysInform.Count, options.Watchdog.Channel), Is.EqualTo((2, "slack")));
    }

    private static async Task ShouldNameAsync<TOptions>(string section)
        where TOptions : class
    {
        var names = OperationsDocument.Rows(Variables)
            .Select(OperationsDocument.Cells)
            .Where(cells => cells[1].StartsWith(section, StringComparison.Ordinal))
            .Select(static cells => cells[0])
            .ToList();
        await using var app = PipelineHost.Build(settings: names.Select(static name => (name, "nonsense"))).App;

        var failure = Assert.Throws<OptionsValidationException>(() => _ = app.Services.GetRequiredService<IOptions<TOptions>>().Value)!;

        Assert.That(names, Is.Not.Empty);
        Assert.That(failure.Failures.Select(static problem => problem.Split(' ')[0]), Is.EquivalentTo(names));
    }

    private static void ShouldAgree(string header, List<(string Name, string Default, string? Range)> options)
    {
        var rows = OperationsDocument.Rows(header).Select(OperationsDocument.Cells).ToList();
        Assert.That(
            rows.Select(static cells => (cells[0], cells[1])), Is.EqualTo(options.Select(static option => (option.Name, option.Default))));
        Assert.Multiple(() =>
        {
            foreach (var (cells, option) in rows.Zip(options).Where(static pair => pair.Second.Range is not null))
            {
                Assert.That(cells[2], Is.EqualTo(option.Range), option.Name);
            }
        });
    }

    // Nested options are named with their section, and lists by their name alone.
    private static List<(string Name, string Default, string? Range)> OptionsOf(object options, string prefix = "")
    {
        var found = new List<(string Name, string Default, string? Range)>();
        foreach (var property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var value = property.GetValue(options);
            if (value is EscalationOptions or WatchdogOptions)
            {
                found.AddRange(OptionsOf(value, $"{prefix}{property.Name}:"));
                continue;
            }

            var range = property.GetCustomAttribute<RangeAttribute>();
            found.Add((prefix + property.Name, TextOf(value), range is null ? null : $"{TextOf(range.Minimum)} – {TextOf(range.Maximum)}"));
        }

        return found;
    }

    private static string TextOf(object? value) => value switch
    {
        null or (IEnumerable and not string) => "–",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(format: null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
