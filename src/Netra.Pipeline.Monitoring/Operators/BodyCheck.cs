using System.Globalization;
using System.Text.Json;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// Converts a body's members. A problem is noted with the member, its value and what is allowed, and a default is returned instead. Not
/// thread-safe; one per request.
/// </summary>
internal sealed class BodyCheck
{
    private const int MaxShownChars = 100;
    private const int MaxProblems = 20;

    private readonly string _path = string.Empty;
    private readonly List<string> _problems = [];

    public BodyCheck()
    {
    }

    private BodyCheck(List<string> problems, string path) => (_problems, _path) = (problems, path);

    /// <summary>Whether nothing is wrong so far.</summary>
    public bool AreNone => _problems.Count == 0;

    /// <summary>The check of an object within the body.</summary>
    /// <param name="member">Where it is.</param>
    public BodyCheck Within(string member) => new(_problems, $"{_path}{member}.");

    /// <summary>
    /// Notes a problem, as a sentence without its full stop. A body may have a great many: those after the first 20 are left out.
    /// </summary>
    public void Refuse(string problem)
    {
        if (_problems.Count < MaxProblems)
        {
            _problems.Add(_path + problem);
        }
        else if (_problems.Count == MaxProblems)
        {
            _problems.Add("and there is more");
        }
    }

    /// <summary>Notes a problem, if there is one.</summary>
    public void RefuseIf(string? problem)
    {
        if (problem is not null)
        {
            Refuse(problem);
        }
    }

    /// <summary>Notes a value that is not allowed.</summary>
    /// <param name="name">The member.</param>
    /// <param name="value">Its value.</param>
    /// <param name="demand">What is allowed.</param>
    public void Refuse(string name, JsonElement value, string demand) => Refuse(name, value.GetRawText(), demand);

    /// <summary>A text that may be missing.</summary>
    public string? Text(string name, string? value, int maxChars, int minChars = 1)
    {
        if (value is null || (value.Length >= minChars && value.Length <= maxChars))
        {
            return value;
        }

        Refuse(name, Quoted(value), $"must be a string of {minChars} to {maxChars} characters");
        return null;
    }

    /// <summary>A text that is needed.</summary>
    public string NeededText(string name, string? value, int maxChars)
    {
        Need(name, value);
        return Text(name, value, maxChars) ?? string.Empty;
    }

    /// <summary>A number that may be missing.</summary>
    public double? Number(string name, double? value) => Number(name, value, double.MinValue, double.MaxValue, "must be a finite number");

    /// <summary>A duration in seconds that may be missing.</summary>
    public TimeSpan? Seconds(string name, double? value, double min, double max)
        => Number(name, value, min, max, $"must be a number from {min} to {max}") is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>A duration in seconds that is needed.</summary>
    public TimeSpan NeededSeconds(string name, double? value, double min, double max)
    {
        Need(name, value);
        return Seconds(name, value, min, max) ?? TimeSpan.Zero;
    }

    /// <summary>A time in Unix seconds that is needed; to the millisecond, which is what a double keeps for sure.</summary>
    public DateTimeOffset NeededTime(string name, double? value)
    {
        Need(name, value);
        var latest = (double)DateTimeOffset.MaxValue.ToUnixTimeSeconds();
        var seconds = Number(name, value, 0, latest, $"must be a number from 0 to {latest}") ?? 0;
        return DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round(seconds * 1000));
    }

    /// <summary>One of several names; may be missing.</summary>
    public T? Choice<T>(string name, string? value, Func<T, string> nameOf)
        where T : struct, Enum
    {
        if (value is null)
        {
            return null;
        }

        foreach (var choice in Enum.GetValues<T>())
        {
            if (nameOf(choice) == value)
            {
                return choice;
            }
        }

        Refuse(name, Quoted(value), $"must be one of {string.Join(", ", Enum.GetValues<T>().Select(nameOf))}");
        return null;
    }

    /// <summary>One of several names, which is needed.</summary>
    public T NeededChoice<T>(string name, string? value, Func<T, string> nameOf)
        where T : struct, Enum
    {
        Need(name, value);
        return Choice(name, value, nameOf) ?? default;
    }

    /// <summary>A list that may be missing.</summary>
    public IReadOnlyList<T> List<T>(string name, IReadOnlyList<T>? items, int max)
    {
        if (items?.Count > max)
        {
            Refuse($"{name} has {items.Count} entries; it may have {max}");
            return [];
        }

        return items ?? [];
    }

    /// <summary>A list that is needed.</summary>
    public IReadOnlyList<T> NeededList<T>(string name, IReadOnlyList<T>? items, int max)
    {
        Need(name, items);
        return List(name, items, max);
    }

    /// <summary>A list of texts that is needed.</summary>
    public IReadOnlyList<string> NeededTexts(string name, IReadOnlyList<string>? items, int max, int maxChars)
        => [.. NeededList(name, items, max).Select((text, index) => NeededText($"{name}[{index}]", text, maxChars))];

    /// <summary>Texts by name; none when they are missing.</summary>
    public IReadOnlyDictionary<string, string> Texts(string name, IReadOnlyDictionary<string, string>? texts, int max, int maxChars)
    {
        if (texts?.Count > max)
        {
            Refuse($"{name} has {texts.Count} members; it may have {max}");
        }

        foreach (var (key, text) in texts ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            Text($"{name}.{Shown(key)}", text, maxChars, minChars: 0);
        }

        return texts ?? new Dictionary<string, string>(StringComparer.Ordinal);
    }

    /// <summary>Notes a member that is missing.</summary>
    public void Need(string name, object? value)
    {
        if (value is null)
        {
            Refuse($"{name} is missing");
        }
    }

    /// <summary>All that is wrong, in one sentence.</summary>
    public override string ToString() => string.Join("; ", _problems) + ".";

    /// <summary>A text from a request, cut to a length worth showing.</summary>
    public static string Shown(string text) => text.Length <= MaxShownChars ? text : text[..MaxShownChars] + "…";

    private static string Quoted(string text) => $"\"{text}\"";

    private double? Number(string name, double? value, double min, double max, string demand)
    {
        if (value is null || (value >= min && value <= max))
        {
            return value;
        }

        Refuse(name, value.Value.ToString(CultureInfo.InvariantCulture), demand);
        return null;
    }

    private void Refuse(string name, string value, string demand)
        => Refuse($"{name} is {Shown(value)}; it {demand}");
}
