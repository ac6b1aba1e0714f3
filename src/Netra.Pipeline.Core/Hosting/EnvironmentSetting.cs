using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// One environment variable that sets an option and overrides the configuration. An invalid value sets nothing, and is reported when the
/// host starts.
/// </summary>
/// <typeparam name="TOptions">The options.</typeparam>
internal sealed class EnvironmentSetting<TOptions>
    where TOptions : class
{
    private readonly string _name;
    private readonly string _allowed;
    private readonly Func<string, Action<TOptions>?> _parse;

    private EnvironmentSetting(string name, string allowed, Func<string, Action<TOptions>?> parse)
        => (_name, _allowed, _parse) = (name, allowed, parse);

    /// <summary>A boolean.</summary>
    public static EnvironmentSetting<TOptions> Switch(string name, Action<TOptions, bool> set) => new(
        name, "true or false", text => bool.TryParse(text, out var value) ? options => set(options, value) : null);

    /// <summary>A number within a range, in the unit that the variable has.</summary>
    public static EnvironmentSetting<TOptions> Number(string name, double min, double max, Action<TOptions, double> set) => new(
        name,
        string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"),
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? options => set(options, value)
            : null);

    /// <summary>Sets the option, if the variable is there and allowed.</summary>
    public void Apply(IConfiguration configuration, TOptions options)
    {
        if (configuration[_name] is { Length: > 0 } text)
        {
            _parse(text)?.Invoke(options);
        }
    }

    /// <summary>What is wrong with the variable; null when nothing is.</summary>
    public string? ProblemIn(IConfiguration configuration)
        => configuration[_name] is { Length: > 0 } text && _parse(text) is null ? $"{_name} is '{text}'; it must be {_allowed}." : null;
}
