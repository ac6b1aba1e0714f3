using System.Text.RegularExpressions;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Failures;

public sealed partial class FailureCodesTests
{
    public static IEnumerable<FailureCode> Codes => Enum.GetValues<FailureCode>();

    [TestCaseSource(nameof(Codes))]
    public void Describe_EveryCode_IsMappedToItsOwnSnakeCaseName(FailureCode code)
    {
        var info = FailureCodes.Describe(code);

        Assert.That(info.Code, Is.EqualTo(code));
        Assert.That(info.WireName, Is.EqualTo(WordStart().Replace(code.ToString(), "_$0").ToLowerInvariant()));
        Assert.That(FailureCodes.WireName(code), Is.EqualTo(info.WireName));
        Assert.That(info.Category, Is.AnyOf([.. Enum.GetValues<FailureCategory>()]));
    }

    [TestCase(-1)]
    [TestCase(1_000)]
    [TestCase(int.MaxValue)]
    public void Describe_NotACode_Throws(int value) =>
        Assert.That(() => FailureCodes.Describe((FailureCode)value), Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public void Describe_AllCodes_MatchTheProtocolDocument()
    {
        var documented = DocumentedCodes().ToDictionary(row => row.Code, row => row.Http, StringComparer.Ordinal);
        var mapped = Codes.Select(FailureCodes.Describe).ToDictionary(
            info => info.WireName, info => info.HttpStatus, StringComparer.Ordinal);

        Assert.That(mapped, Is.EquivalentTo(documented));
    }

    [TestCase(FailureCode.NotInitialized, "WEBSOCKET UNAVAILABLE:", FailureSeverity.Critical)]
    [TestCase(FailureCode.ContextMissing, "MISSING CONTEXT:", FailureSeverity.Critical)]
    [TestCase(FailureCode.CriticalDeliveryFailed, "CRITICAL EVENT DELIVERY FAILED:", FailureSeverity.Critical)]
    [TestCase(FailureCode.Emergency, "EMERGENCY:", FailureSeverity.Critical)]
    [TestCase(FailureCode.SilentFailure, "SILENT FAILURE DETECTED:", FailureSeverity.Critical)]
    [TestCase(FailureCode.BridgeUnavailable, "WEBSOCKET BRIDGE UNAVAILABLE:", FailureSeverity.Error)]
    [TestCase(FailureCode.Draining, "WEBSOCKET BRIDGE UNAVAILABLE:", FailureSeverity.Error)]
    [TestCase(FailureCode.BufferOverflow, "BUFFER OVERFLOW:", FailureSeverity.Error)]
    [TestCase(FailureCode.EventTooLarge, "BUFFER OVERFLOW:", FailureSeverity.Error)]
    [TestCase(FailureCode.OverflowTimeout, "BUFFER OVERFLOW:", FailureSeverity.Error)]
    [TestCase(FailureCode.AgentCommunication, "AGENT COMMUNICATION FAILURE:", FailureSeverity.Error)]
    [TestCase(FailureCode.AgentUnknown, "AGENT COMMUNICATION FAILURE:", FailureSeverity.Error)]
    public void Describe_CodeWithPrefix_HasItsPrefixAndLevel(FailureCode code, string prefix, FailureSeverity severity)
    {
        Assert.That(FailureCodes.Describe(code).LogPrefix, Is.EqualTo(prefix));
        Assert.That(FailureCodes.Describe(code).Severity, Is.EqualTo(severity));
    }

    [Test]
    public void Describe_CriticalWithoutPrefix_AreTheServersOwn() => Assert.That(
        Codes.Select(FailureCodes.Describe)
            .Where(info => info is { Severity: FailureSeverity.Critical, LogPrefix: null })
            .Select(info => info.Code),
        Is.EquivalentTo(new[]
        {
            FailureCode.LogFailed, FailureCode.IsolationViolation, FailureCode.StartupVerification, FailureCode.WiringInvalid,
            FailureCode.BackgroundFailed, FailureCode.WebhookFailed, FailureCode.LedgerUnaccounted, FailureCode.CanaryFailed,
            FailureCode.ResourceExhausted,
        }));

    [Test]
    public void Describe_NotShownToUsers_AreTheServersOwnAffairsThePublishersFaultsAndWhatNobodyIsMissing() => Assert.That(
        Codes.Select(FailureCodes.Describe).Where(info => !info.ShowToUser).Select(info => info.Code),
        Is.EquivalentTo(new[]
        {
            FailureCode.IsolationViolation, FailureCode.StartupVerification, FailureCode.WiringInvalid, FailureCode.BackgroundFailed,
            FailureCode.WebhookFailed, FailureCode.LedgerUnaccounted, FailureCode.FlowViolation, FailureCode.RunStalled,
            FailureCode.ToolStuck, FailureCode.CanaryFailed, FailureCode.ObserverFailed, FailureCode.NotificationFailed,
            FailureCode.ResourceExhausted, FailureCode.InvalidEvent, FailureCode.ContextMissing, FailureCode.ContextInvalid,
            FailureCode.RunEnded, FailureCode.AttemptSuperseded, FailureCode.IdempotencyConflict, FailureCode.BufferOverflow,
            FailureCode.Draining, FailureCode.EmergencyMode, FailureCode.RequestUnknown, FailureCode.RequestClosed,
            FailureCode.AlreadyAnswered, FailureCode.InvalidAnswer, FailureCode.CommandUnknown, FailureCode.CommandExpired,
            FailureCode.Forbidden, FailureCode.RateLimited, FailureCode.TooManyRuns, FailureCode.ErasureUnderWay,
        }));

    [Test]
    public void Describe_ShownToUsers_MatchTheProtocolDocument()
    {
        var document = File.ReadAllText(Repository.PathOf("docs/protocol.md"));
        var list = document[document.IndexOf("*Shown to the user*", StringComparison.Ordinal)..];
        list = list[..list.IndexOf("\n\n", StringComparison.Ordinal)];

        Assert.That(
            Codes.Select(FailureCodes.Describe).Where(static info => info.ShowToUser).Select(static info => info.WireName),
            Is.EquivalentTo(Name().Matches(list).Select(static match => match.Groups[1].Value).Where(static name => name != "error")));
    }

    /// <summary>The rows of the table in section 8: a code, or several with commas, in backticks; a meaning; a status or a dash.</summary>
    private static IEnumerable<(string Code, int? Http)> DocumentedCodes()
    {
        var document = File.ReadAllText(Repository.PathOf("docs/protocol.md"));
        var section = document[document.IndexOf("## 8. Failure codes", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("## 9.", StringComparison.Ordinal)];
        foreach (Match row in Row().Matches(section))
        {
            var status = Status().Match(row.Groups["http"].Value);
            foreach (Match code in Name().Matches(row.Groups["codes"].Value))
            {
                yield return (code.Groups[1].Value, status.Success ? int.Parse(status.Value) : null);
            }
        }
    }

    [GeneratedRegex(@"^\|(?<codes>[^|]*`[^|]*)\|[^|]*\|(?<http>[^|]*)\|\s*$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"\d{3}")]
    private static partial Regex Status();

    [GeneratedRegex("(?<=.)[A-Z]")]
    private static partial Regex WordStart();
}
