using System.Text.Json;

namespace Netra.Pipeline.Http;

/// <summary>
/// Reads the members of a JSON object that somebody sent. What is wrong is kept with the member, its value and what is allowed, and a default is returned instead; <see cref="End"/> refuses members that nobody asked for.
/// Not thread-safe; one per request.
/// </summary>
internal sealed class JsonMembers
{
    private const int MaxShownChars = 100;

    private readonly JsonElement _object;
    private readonly string _path;
    private readonly List<string> _problems;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    public JsonMembers(JsonElement json, string path, List<string> problems)
    {
        (_object, _path, _problems) = (json, path, problems);
        if (json.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{(path.Length == 0 ? "the body" : path.TrimEnd('.'))} must be an object");
        }
    }

    /// <summary>Whether a member is there, and not null.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>A text that may be missing.</summary>
    public string? Text(string name, int maxChars, int minChars = 1)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString() is { } text && text.Length >= minChars && text.Length <= maxChars)
        {
            return text;
        }

        return Refuse<string>(name, value, $"must be a string of {minChars} to {maxChars} characters");
    }

    /// <summary>A text that is needed.</summary>
    public string NeededText(string name, int maxChars) => Text(name, maxChars) ?? Missing(name, string.Empty);

    /// <summary>A number that may be missing.</summary>
    public double? Number(string name, double min = double.MinValue, double max = double.MaxValue)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max)
        {
            return number;
        }

        return Refuse<double?>(name, value, min == double.MinValue ? "must be a finite number" : $"must be a number from {min} to {max}");
    }

    /// <summary>A duration in seconds that may be missing.</summary>
    public TimeSpan? Seconds(string name, double min, double max) => Number(name, min, max) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>A duration in seconds that is needed.</summary>
    public TimeSpan NeededSeconds(string name, double min, double max) => Seconds(name, min, max) ?? Missing(name, TimeSpan.Zero);

    /// <summary>A time in Unix seconds that is needed; to the millisecond, which is what a double keeps for sure.</summary>
    public DateTimeOffset NeededTime(string name)
        => Number(name, 0, DateTimeOffset.MaxValue.ToUnixTimeSeconds()) is { } seconds ? DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round(seconds * 1000)) : Missing(name, DateTimeOffset.UnixEpoch);

    /// <summary>True or false; may be missing.</summary>
    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => Refuse<bool?>(name, value, "must be true or false"),
    };

    /// <summary>One of several names; may be missing.</summary>
    public T? Choice<T>(string name, Func<T, string> nameOf)
        where T : struct, Enum
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        foreach (var choice in Enum.GetValues<T>())
        {
            if (value.ValueKind == JsonValueKind.String && value.ValueEquals(nameOf(choice)))
            {
                return choice;
            }
        }

        return Refuse<T?>(name, value, $"must be one of {string.Join(", ", Enum.GetValues<T>().Select(nameOf))}");
    }

    /// <summary>One of several names, which is needed.</summary>
    public T NeededChoice<T>(string name, Func<T, string> nameOf)
        where T : struct, Enum
        => Choice(name, nameOf) ?? Missing(name, default(T));

    /// <summary>An object that is needed.</summary>
    public JsonMembers? NeededObject(string name) => Find(name) is { } value ? new JsonMembers(value, $"{_path}{name}.", _problems) : Missing<JsonMembers?>(name, null);

    /// <summary>A list of objects that is needed.</summary>
    public IReadOnlyList<JsonMembers> NeededObjects(string name, int max)
        => [.. Items(name, max).Select((item, index) => new JsonMembers(item, $"{_path}{name}[{index}].", _problems))];

    /// <summary>A list of texts that is needed.</summary>
    public IReadOnlyList<string> NeededTexts(string name, int max, int maxChars)
    {
        var texts = new List<string>();
        foreach (var item in Items(name, max))
        {
            if (item.ValueKind == JsonValueKind.String && item.GetString() is { Length: > 0 } text && text.Length <= maxChars)
            {
                texts.Add(text);
            }
            else
            {
                Refuse<string>($"{name}[{texts.Count}]", item, $"must be a string of 1 to {maxChars} characters");
                break;
            }
        }

        return texts;
    }

    /// <summary>Texts by name; none when it is missing.</summary>
    public IReadOnlyDictionary<string, string> Texts(string name, int max, int maxChars)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Find(name) is not { } value)
        {
            return texts;
        }

        if (value.ValueKind != JsonValueKind.Object || value.GetPropertyCount() > max)
        {
            Refuse<string>(name, value, $"must be an object of at most {max} members");
            return texts;
        }

        foreach (var member in value.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() is { } text && text.Length <= maxChars)
            {
                texts[member.Name] = text;
            }
            else
            {
                Refuse<string>($"{name}.{member.Name}", member.Value, $"must be a string of at most {maxChars} characters");
            }
        }

        return texts;
    }

    /// <summary>Refuses what nobody asked for: a name that is spelt wrong must not be passed over.</summary>
    public void End()
    {
        if (_object.ValueKind == JsonValueKind.Object)
        {
            _problems.AddRange(_object.EnumerateObject().Where(member => !_asked.Contains(member.Name))
                .Select(member => $"{_path}{member.Name} is not known; there are {string.Join(", ", _asked)}"));
        }
    }

    private IEnumerable<JsonElement> Items(string name, int max)
    {
        if (Find(name) is not { } value)
        {
            return Missing<IEnumerable<JsonElement>>(name, []);
        }

        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= max
            ? value.EnumerateArray()
            : Refuse<IEnumerable<JsonElement>>(name, value, $"must be a list of at most {max}") ?? [];
    }

    private JsonElement? Find(string name)
    {
        _asked.Add(name);
        return _object.ValueKind == JsonValueKind.Object && _object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private T? Refuse<T>(string name, JsonElement value, string demand)
    {
        var text = value.GetRawText();
        _problems.Add($"{_path}{name} is {(text.Length <= MaxShownChars ? text : text[..MaxShownChars] + "…")}; it {demand}");
        return default;
    }

    private T Missing<T>(string name, T absent)
    {
        // One that was refused is not missing as well.
        if (!_problems.Exists(problem => problem.StartsWith($"{_path}{name}", StringComparison.Ordinal)))
        {
            _problems.Add($"{_path}{name} is missing");
        }

        return absent;
    }
}
