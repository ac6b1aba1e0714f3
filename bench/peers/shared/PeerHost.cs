using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Netra.Pipeline.Peers;

/// <summary>What is the same for all hosts on ASP.NET Core: where it listens, and that it logs nothing below errors.</summary>
internal static class PeerHost
{
    /// <param name="args">What <c>run</c> was asked for; it has checked the values.</param>
    /// <param name="environment">The host's environment; null for the usual one.</param>
    /// <param name="listen">What the listener has besides.</param>
    public static WebApplicationBuilder Create(string[] args, string? environment = null, Action<ListenOptions>? listen = null)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory, EnvironmentName = environment });
        builder.Logging.ClearProviders().AddSimpleConsole().SetMinimumLevel(LogLevel.Error);
        builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(IPAddress.Loopback, builder.Configuration.GetValue<int>("port"), listen ?? (static _ => { })));
        builder.Services.AddSingleton(new Series(
            builder.Configuration.GetValue<long>("events"), builder.Configuration.GetValue<double>("interval-ms")));
        return builder;
    }
}
