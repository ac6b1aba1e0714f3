using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace Netra.Pipeline.Agents;

/// <summary>What a type's constructor asks for and the container does not have. Stateless.</summary>
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
