using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>The kinds of silent failures, and the failures that are of each. Stateless.</summary>
internal static class SilentFailureKinds
{
    public static readonly IReadOnlyList<(string Kind, FailureCode[] Codes)> All =
    [
        ("stuck_page", [FailureCode.SilentFailure]),
        ("quiet_run", [FailureCode.RunStalled]),
        ("no_context", [FailureCode.ContextMissing]),
        ("no_bridge", [FailureCode.NotInitialized, FailureCode.BridgeUnavailable]),
        ("unconfirmed", [FailureCode.CriticalDeliveryFailed]),
    ];

    private static readonly Dictionary<FailureCode, string> ByCode = All
        .SelectMany(static kind => kind.Codes.Select(code => (code, kind.Kind)))
        .ToDictionary(static pair => pair.code, static pair => pair.Kind);

    /// <summary>Which kind a failure is of; null for one that is not silent.</summary>
    public static string? Of(FailureCode code) => ByCode.GetValueOrDefault(code);
}
