using System.Runtime.CompilerServices;

namespace Netra.Pipeline.Client;

/// <summary>Ranges of options.</summary>
internal static class OptionRange
{
    public static void Require<T>(T value, T min, T max, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : IComparable<T>
    {
        if (value.CompareTo(min) < 0 || value.CompareTo(max) > 0)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it must be from {min} to {max}.");
        }
    }

    public static void Require(bool isValid, object? value, string rule, string name)
    {
        if (!isValid)
        {
            throw new ArgumentException($"{name} is '{value}'; it must be {rule}.", name);
        }
    }

    public static void RequireServer(Uri address, [CallerArgumentExpression(nameof(address))] string name = "")
        => Require(address is { IsAbsoluteUri: true, Scheme: "http" or "https" }, address, "an absolute address of http or https", name);
}
