using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Server.Telemetry;

/// <summary>
/// Log lines for people, in the shape of .NET's own: level, category and id on a line, then scopes and message, indented. What
/// is in them may come from peers, so nothing in a message or a scope can begin a line or reach the terminal.
/// </summary>
internal sealed class TextFormatter(IOptionsMonitor<SimpleConsoleFormatterOptions> options) : ConsoleFormatter(Name)
{
    public new const string Name = "netra-text";

    private const string Padding = "      ";
    private static readonly bool HasColors = !Console.IsOutputRedirected;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var settings = options.CurrentValue;
        var text = new StringBuilder();
        if (settings.TimestampFormat is { } format)
        {
            var now = settings.UseUtcTimestamp ? TimeProvider.System.GetUtcNow() : TimeProvider.System.GetLocalNow();
            text.Append(now.ToString(format, CultureInfo.CurrentCulture));
        }

        AppendLevel(text, logEntry.LogLevel);
        text.Append(": ").AppendEscaped(logEntry.Category)
            .Append(CultureInfo.InvariantCulture, $"[{logEntry.EventId.Id}]").Append(Environment.NewLine);
        if (settings.IncludeScopes)
        {
            AppendScopes(text, scopeProvider);
        }

        text.Append(Padding).AppendEscaped(logEntry.Formatter(logEntry.State, logEntry.Exception)).Append(Environment.NewLine);
        if (logEntry.Exception is { } exception)
        {
            // A stack trace is lines; what is in one of them comes from its exception's message, which cannot leave its place either.
            foreach (var line in exception.ToString().EnumerateLines())
            {
                text.Append(Padding).AppendEscaped(line).Append(Environment.NewLine);
            }
        }

        textWriter.Write(text);
    }

    private static void AppendScopes(StringBuilder text, IExternalScopeProvider? scopes)
    {
        var before = text.Length;
        scopes?.ForEachScope(
            static (scope, text) => text.to.Append(text.to.Length == text.before ? Padding : " ").Append("=> ").AppendEscaped($"{scope}"),
            (to: text, before));
        if (text.Length > before)
        {
            text.Append(Environment.NewLine);
        }
    }

    private static void AppendLevel(StringBuilder text, LogLevel level)
    {
        var (name, color) = level switch
        {
            LogLevel.Trace => ("trce", 37),
            LogLevel.Debug => ("dbug", 37),
            LogLevel.Information => ("info", 32),
            LogLevel.Warning => ("warn", 33),
            LogLevel.Error => ("fail", 31),
            LogLevel.Critical => ("crit", 91),
            _ => throw new ArgumentOutOfRangeException(nameof(level), level, null),
        };
        _ = HasColors ? text.Append(CultureInfo.InvariantCulture, $"\u001b[{color}m{name}\u001b[39m") : text.Append(name);
    }
}
