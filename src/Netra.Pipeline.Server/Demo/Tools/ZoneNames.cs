namespace Netra.Pipeline.Server.Demo.Tools;

/// <summary>Finds the time zone a person means. Pure functions.</summary>
internal static class ZoneNames
{
    private const string HowTo =
        "Name one as the IANA time zone database does: Area/City, such as Europe/Berlin, America/New_York or Asia/Tokyo, or UTC.";

    /// <summary>The zone of that name; a city alone will do when only one area has it. No name means UTC.</summary>
    public static TimeZoneInfo Find(string? name)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Equals("UTC", StringComparison.OrdinalIgnoreCase))
        {
            return TimeZoneInfo.Utc;
        }

        var wanted = name.Trim().Replace(' ', '_');
        var ids = TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id).ToList();
        var id = ids.Find(candidate => candidate.Equals(wanted, StringComparison.OrdinalIgnoreCase)) ?? ByCity(ids, wanted);
        // The list leaves out aliases such as Etc/GMT+5. The system takes an id as a path below its database, so
        // only harmless ones get there.
        return id is null && !wanted.All(symbol => char.IsAsciiLetterOrDigit(symbol) || symbol is '/' or '_' or '+' or '-')
            ? throw Unknown(name)
            : TimeZoneInfo.TryFindSystemTimeZoneById(id ?? wanted, out var zone) ? zone : throw Unknown(name);
    }

    private static string? ByCity(List<string> ids, string city)
    {
        var matches = ids.FindAll(id => id.EndsWith("/" + city, StringComparison.OrdinalIgnoreCase));
        return matches.Count switch
        {
            0 => null,
            1 => matches[0],
            _ => throw new ToolInputException($"'{city}' could be {string.Join(" or ", matches)}. {HowTo}"),
        };
    }

    private static ToolInputException Unknown(string name) => new($"There is no time zone '{name}'. {HowTo}");
}
