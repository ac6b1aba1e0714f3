using System.Globalization;
using System.Text.Json.Nodes;
using Netra.Pipeline.Agents;

namespace Netra.Pipeline.Server.Demo.Tools;

/// <summary><c>current_time{zone?}</c> → <c>{zone, time, offset}</c>. Stateless.</summary>
internal sealed class CurrentTimeTool(TimeProvider time) : ITool
{
    public const string ToolName = "current_time";

    public string Name => ToolName;

    public string Description => "Tells the time in a zone: {\"zone\":\"Europe/Berlin\"}; without a zone, in UTC.";

    public ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
    {
        var zone = ZoneNames.Find(ToolArguments.OptionalText(invocation.Arguments, "zone"));
        var now = TimeZoneInfo.ConvertTime(time.GetUtcNow(), zone);
        return new(new JsonObject
        {
            ["zone"] = zone.Id,
            ["time"] = now.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            ["weekday"] = now.DayOfWeek.ToString(),
            ["offset"] = now.ToString("zzz", CultureInfo.InvariantCulture),
        });
    }
}
