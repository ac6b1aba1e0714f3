using Microsoft.Extensions.DependencyInjection;

namespace Netra.Pipeline.Agents;

/// <summary>Makes agents and tools, and explains what keeps one from being made. Used by one thread.</summary>
internal sealed class PartMaker(IServiceProvider services, IServiceProviderIsService known)
{
    public IEnumerable<WiredPart<T>> MakeAll<T>(string kind, IEnumerable<Type> types, Func<T, string?> nameOf, List<string> reasons)
        where T : class
    {
        var made = new List<WiredPart<T>>();
        foreach (var type in types)
        {
            if (Make<T>(kind, type, reasons) is { } part)
            {
                AddNamed(kind, type, part, nameOf, made, reasons);
            }
        }

        return made;
    }

    private static void AddNamed<T>(string kind, Type type, T part, Func<T, string?> nameOf, List<WiredPart<T>> made, List<string> reasons)
    {
        try
        {
            made.Add(new WiredPart<T>(part, type, nameOf(part)));
        }
        catch (Exception e)
        {
            reasons.Add($"{kind} {type.FullName} could not say its name: {e.GetType().Name}: {e.Message}");
        }
    }

    // Made first and explained only if that fails: a factory of the application's may give a constructor what is not registered.
    private T? Make<T>(string kind, Type type, List<string> reasons)
        where T : class
    {
        try
        {
            return (T)services.GetRequiredService(type);
        }
        catch (Exception e)
        {
            var missing = ConstructorNeeds.MissingFor(type, known);
            reasons.AddRange(missing.Select(need => $"{kind} {type.FullName} needs {need}, which is not registered"));
            if (missing.Count == 0)
            {
                reasons.Add($"{kind} {type.FullName} could not be made: {e.GetType().Name}: {e.Message}");
            }

            return null;
        }
    }
}
