using System.Globalization;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Reports;

/// <summary>A result as rows of names and values, and as JSON: the one place that says what a report has.</summary>
internal static class LoadReport
{
    /// <summary>What is read as a table, by people.</summary>
    public static IEnumerable<(string Name, string Value)> Rows(LoadResult result)
    {
        var options = result.Options;
        yield return ("scenario", $"{options.Name}, {options.Target.Url}, {options.Target.Protocol.ToString().ToLowerInvariant()}");
        yield return ("connections", Format(
            $"{result.Connections:N0} of {options.Users:N0} users, open after {result.Connecting.TotalSeconds:F2} s"));
        if (result.ConnectTimes.Count > 0)
        {
            yield return ("connect p50 p99 max", Times(result.ConnectTimes));
        }

        if (result.Published > 0)
        {
            yield return ("published", Format($"{result.Published:N0} events in {result.Publishing.TotalSeconds:F2} s"));
            yield return ("receipts", string.Join(", ", result.Receipts.Select(static pair => Format($"{pair.Key} {pair.Value:N0}"))));
            yield return ("receipt p50 p99 p99.9 max", Times(result.ReceiptTimes));
        }

        if (result.Received > 0)
        {
            yield return ("delivered", Format(
                $"{result.Received:N0} events in {result.Took.TotalSeconds:F2} s, {result.ReceivedPerSecond:N0}/s"));
            yield return ("bytes per event", Format($"{(double)result.BytesRead / result.Received:F0}"));
            yield return ("latency p50 p99 p99.9 max", Times(result.Latency));
        }

        if (result.DisturbedLatency.Count > 0)
        {
            yield return ("latency of disturbed pages", Times(result.DisturbedLatency));
        }

        foreach (var (name, value) in options.Disturbance?.Figures ?? new Dictionary<string, double>(StringComparer.Ordinal))
        {
            yield return (name.Replace('_', ' '), Format($"{value:0.###}"));
        }

        if (result.Eviction is { } eviction)
        {
            yield return ("streams in memory", string.Create(
                CultureInfo.InvariantCulture,
                $"{eviction.Loaded:N0} at first, {eviction.Left:N0} after {eviction.Took.TotalSeconds:F0} s; "
                + $"{MarkdownText.Megabytes(eviction.Resident)} MB"));
        }

        if (result.CpuPerEvent is { } cpu)
        {
            yield return ("server CPU per event", Format($"{cpu:F2} µs"));
        }

        if (result.ResidentAfter is { } after)
        {
            yield return ("server memory", string.Create(
                CultureInfo.InvariantCulture,
                $"{result.ResidentBefore / 1e6:F0} MB before, {result.ResidentConnected / 1e6:F0} connected, {after / 1e6:F0} after, "
                + $"{result.ResidentPeak / 1e6:F0} at most"));
            yield return ("server memory per connection", Format($"{result.BytesPerConnection / 1024:F1} KiB"));
        }

        foreach (var (reason, count) in result.Ends)
        {
            yield return ("connections ended", Format($"{count:N0}: {reason}"));
        }

        yield return ("resumed, redelivered, errors shown", Format($"{result.Resumed:N0}, {result.Redelivered:N0}, {result.Errors:N0}"));
        yield return (
            "lost, duplicated, reordered, unexplained gaps",
            string.Join(", ", new[] { FindingKind.Lost, FindingKind.Duplicated, FindingKind.Reordered, FindingKind.UnexplainedGap }
                .Select(kind => Format($"{result.Findings[kind]:N0}"))));
        foreach (var kind in Enum.GetValues<FindingKind>().Where(kind => kind > FindingKind.UnexplainedGap && result.Findings[kind] > 0))
        {
            yield return (Name(kind).Replace('_', ' '), Format($"{result.Findings[kind]:N0}"));
        }
    }

    /// <summary>The same for programs. Times are in milliseconds where the name does not say otherwise.</summary>
    public static object Json(LoadResult result) => new
    {
        scenario = result.Options.Name,
        url = result.Options.Target.Url,
        protocol = result.Options.Target.Protocol.ToString().ToLowerInvariant(),
        passed = !result.Findings.Any,
        connections = result.Connections,
        users = result.Options.Users,
        connecting_s = result.Connecting.TotalSeconds,
        publishing_s = result.Publishing.TotalSeconds,
        took_s = result.Took.TotalSeconds,
        published = result.Published,
        receipts = result.Receipts,
        delivered = result.Received,
        delivered_per_s = result.ReceivedPerSecond,
        bytes_read = result.BytesRead,
        lost = result.Findings[FindingKind.Lost],
        duplicated = result.Findings[FindingKind.Duplicated],
        reordered = result.Findings[FindingKind.Reordered],
        unexplained_gaps = result.Findings[FindingKind.UnexplainedGap],
        found = Enum.GetValues<FindingKind>().ToDictionary(Name, kind => result.Findings[kind], StringComparer.Ordinal),
        findings = result.Findings.Kept.Select(
            static finding => new { kind = Name(finding.Kind), where = finding.Where, detail = finding.Detail }),
        resumed = result.Resumed,
        redelivered = result.Redelivered,
        errors_shown = result.Errors,
        publisher_reconnects = result.PublisherReconnects,
        ends = result.Ends,
        disturbance = result.Options.Disturbance?.Figures,
        eviction = result.Eviction is { } eviction
            ? new { loaded = eviction.Loaded, left = eviction.Left, took_s = eviction.Took.TotalSeconds, resident = eviction.Resident }
            : null,
        latency = result.Latency,
        disturbed_latency = result.DisturbedLatency,
        receipt = result.ReceiptTimes,
        connect = result.ConnectTimes,
        server = result.ResidentAfter is null
            ? null
            : new
            {
                cpu_us = result.ServerCpuMicroseconds,
                cpu_us_per_event = result.CpuPerEvent,
                resident_before = result.ResidentBefore,
                resident_connected = result.ResidentConnected,
                resident_after = result.ResidentAfter,
                resident_peak = result.ResidentPeak,
                bytes_per_connection = result.BytesPerConnection,
            },
        series = result.Series.Select(static line => new
        {
            elapsed_s = line.Snapshot.Elapsed.TotalSeconds,
            open = line.Snapshot.Open,
            published = line.Snapshot.Published,
            delivered = line.Snapshot.Received,
            latency = line.Latency,
            resident = line.Snapshot.ResidentBytes,
            cpu_us = line.ServerCpuMicroseconds,
        }),
    };

    /// <summary>A kind's name in reports: snake_case.</summary>
    public static string Name(FindingKind kind) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    private static string Times(LatencySummary times) => Format($"{times.P50:F1}, {times.P99:F1}, {times.P999:F1}, {times.Max:F1} ms");

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
