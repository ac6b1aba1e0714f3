using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>What tests of the doors look for in a host's log.</summary>
internal static class HostLogs
{
    /// <summary>A setting for peers that answer no pings, on a machine that may be slow.</summary>
    public static readonly (string Key, string Value) NoPings = ("Netra:Connections:PingInterval", "00:30:00");

    /// <summary>A setting for pages that answer the goodbye, on a machine that may be slow: it takes as long as they do.</summary>
    public static readonly (string Key, string Value) LongGoodbye = ("Netra:Hosting:GoodbyeTimeout", "00:00:20");

    /// <summary>A setting for tests that look for endings that are nothing unusual.</summary>
    public static readonly (string Key, string Value) Debug = ("Logging:LogLevel:Default", "Debug");

    /// <summary>The reasons of a user's connections that ended, one for each time that it was logged.</summary>
    public static string?[] EndReasonsOf(this PipelineHost host, string userId)
        =>
        [
            .. host.Logs.Logs.Where(log => log.EventId.Id == EventIds.ConnectionEnded && Equals(log.Values["UserId"], userId))
                .Select(static log => log.Values["Reason"]?.ToString())
        ];

    /// <summary>Waits for a user's only connection to end, and says why it did.</summary>
    public static async Task<string?> EndReasonOfAsync(this PipelineHost host, string userId)
    {
        await Eventually.BecomesTrueAsync(
            () => host.EndReasonsOf(userId).Length > 0 && host.Connections.ConnectionsOf(userId).Count == 0,
            $"the connection of {userId} ends");
        return host.EndReasonsOf(userId).Single();
    }

    /// <summary>Whatever a hostile peer does, nothing is an error of the server.</summary>
    public static void AssertNoErrors(this PipelineHost host)
        => Assert.That(
            host.Logs.Logs.Where(static log => log.Level >= LogLevel.Error)
                .Select(static log => $"{log.Category}: {log.Message} {log.Exception}"),
            Is.Empty);

    /// <summary>The same, for tests that overflow a connection on purpose.</summary>
    public static void AssertNothingWorseThanOverflow(this PipelineHost host)
        => Assert.That(
            host.Logs.Logs.Where(static log => log.Level >= LogLevel.Error && !log.Message.StartsWith("BUFFER OVERFLOW:"))
                .Select(static log => $"{log.Category}: {log.Message} {log.Exception}"),
            Is.Empty);
}
