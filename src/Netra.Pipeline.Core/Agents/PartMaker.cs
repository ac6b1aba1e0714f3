using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace Netra.Pipeline.Agents;

/// <summary>Creates agents and tools, and explains what keeps one from being created. Used by one thread.</summary>
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

    // Created first and explained only if that fails: a factory of the application's may give a constructor what is not registered.
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

/// <summary>An agent or a tool that could be created.</summary>
/// <param name="Part">The instance.</param>
/// <param name="Type">The type it is registered under.</param>
/// <param name="Name">Its own name, which may still be invalid.</param>
internal sealed record WiredPart<T>(T Part, Type Type, string? Name);

/// <summary>What a type's constructor needs and the container does not have. Stateless.</summary>
internal static class ConstructorNeeds
{
    /// <summary>All missing parameters of the constructor that comes closest to being usable.</summary>
    public static IReadOnlyList<string> MissingFor(Type type, IServiceProviderIsService known)
    {
        var constructors = type.GetConstructors();
        var chosen = constructors.Where(constructor => constructor.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute))).ToList();
        return (chosen.Count > 0 ? chosen : [.. constructors])
            .Select(constructor => MissingFor(constructor, known))
            .OrderBy(missing => missing.Count)
            .FirstOrDefault() ?? [];
    }

    private static List<string> MissingFor(ConstructorInfo constructor, IServiceProviderIsService known) =>
    [
        .. constructor.GetParameters()
            .Where(parameter => !parameter.HasDefaultValue && !IsKnown(parameter, known))
            .Select(parameter => $"{Name(parameter.ParameterType)} ('{parameter.Name}')"),
    ];

    private static bool IsKnown(ParameterInfo parameter, IServiceProviderIsService known) =>
        parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { } keyed && known is IServiceProviderIsKeyedService byKey
            ? byKey.IsKeyedService(parameter.ParameterType, keyed.Key)
            : known.IsService(parameter.ParameterType);

    // IReadOnlyList<String>, and not IReadOnlyList`1[[System.String, System.Private.CoreLib, …]].
    private static string Name(Type type) => type.IsGenericType
        ? $"{type.FullName![..type.FullName!.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.FullName ?? type.Name;
}
