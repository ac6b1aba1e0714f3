using Microsoft.Extensions.Logging.Console;

namespace Netra.Pipeline.Server.Telemetry;

/// <summary>
/// What log lines on standard output look like: <c>text</c> for people, or <c>json</c>, one object a line, for machines. Configuration
/// <c>Netra:Logging:Format</c>; by default text in Development, and JSON elsewhere.
/// </summary>
internal static class LogFormat
{
    private const string Key = "Netra:Logging:Format";

    public static void Apply(WebApplicationBuilder builder)
    {
        var format = builder.Configuration[Key] is { Length: > 0 } configured ? configured
            : builder.Environment.IsDevelopment() ? "text"
            : "json";
        switch (format.ToUpperInvariant())
        {
            case "TEXT":
                builder.Logging
                    .AddConsole(static console => console.FormatterName = TextFormatter.Name)
                    .AddConsoleFormatter<TextFormatter, SimpleConsoleFormatterOptions>();
                break;
            case "JSON":
                builder.Logging.AddJsonConsole(static json =>
                {
                    (json.IncludeScopes, json.UseUtcTimestamp) = (true, true);
                    json.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
                });
                break;
            default:
                throw new ConfigurationException($"{Key} is '{format}'; it must be text or json.");
        }

        // The lines of ASP.NET Core about each request have its query, where a credential may be.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);

        // Every line inside of a span names it.
        builder.Logging.Configure(
            static logging => logging.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
    }
}
