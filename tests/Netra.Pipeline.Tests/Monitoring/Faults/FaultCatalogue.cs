using System.Globalization;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>All faults that are brought about; docs/operations.md lists them from here.</summary>
internal static class FaultCatalogue
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        .. EmissionFaults.All(),
        .. RunFaults.All(),
        .. DeliveryFaults.All(),
        .. LogFaults.All(),
        .. ServerFaults.All(),
        .. CrowdFaults.All(),
    ];

    /// <summary>The rows of the table in docs/operations.md.</summary>
    public static IEnumerable<string> Rows() => All.Select(static fault => string.Create(
        CultureInfo.InvariantCulture,
        $"| `{fault.Name}` | {fault.What} | {(fault.Code is { } code ? $"`{Pipeline.Failures.FailureCodes.WireName(code)}`" : "–")} | "
        + $"`{fault.Alert}`{(fault.Label is null ? string.Empty : $" ({fault.Label})")} | {fault.Window} s | {fault.Source} |"));
}
