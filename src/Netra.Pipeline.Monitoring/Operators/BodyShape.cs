using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// Finds where JSON has not the form of the type that it is read into: a serializer reports that too, but one problem at a time, and in
/// words of .NET instead of the protocol's. Pure.
/// </summary>
internal static class BodyShape
{
    /// <summary>Notes every member that has another form, or an unknown name.</summary>
    /// <param name="json">The body.</param>
    /// <param name="type">What it is read into.</param>
    /// <param name="problems">Where problems are noted.</param>
    public static void Compare(JsonElement json, JsonTypeInfo type, BodyCheck problems) => Compare(json, type, string.Empty, problems);

    private static void Compare(JsonElement json, JsonTypeInfo type, string path, BodyCheck problems)
    {
        var (kinds, demand) = FormOf(type);
        if (!kinds.Contains(json.ValueKind))
        {
            problems.Refuse(path.Length == 0 ? "the body" : path, json, demand);
            return;
        }

        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                foreach (var member in json.EnumerateObject())
                {
                    CompareMember(member, type, path, problems);
                }

                break;
            case JsonTypeInfoKind.Enumerable:
                var index = 0;
                foreach (var item in json.EnumerateArray())
                {
                    Compare(item, TypeOf(type, type.ElementType!), $"{path}[{index++}]", problems);
                }

                break;
            case JsonTypeInfoKind.Dictionary:
                foreach (var member in json.EnumerateObject())
                {
                    Compare(member.Value, TypeOf(type, type.ElementType!), $"{path}.{BodyCheck.Shown(member.Name)}", problems);
                }

                break;
            case JsonTypeInfoKind.None:
                break;
            default:
                throw new InvalidOperationException($"Kind {type.Kind} is not mapped.");
        }
    }

    // A member that is null counts as absent.
    private static void CompareMember(JsonProperty member, JsonTypeInfo type, string path, BodyCheck problems)
    {
        var name = path.Length == 0 ? BodyCheck.Shown(member.Name) : $"{path}.{BodyCheck.Shown(member.Name)}";
        if (type.Properties.FirstOrDefault(property => property.Name == member.Name) is not { } property)
        {
            problems.Refuse(
                $"{name} is not known; there are {string.Join(", ", type.Properties.Select(static property => property.Name))}");
        }
        else if (member.Value.ValueKind != JsonValueKind.Null)
        {
            Compare(member.Value, TypeOf(type, property.PropertyType), name, problems);
        }
    }

    private static JsonTypeInfo TypeOf(JsonTypeInfo owner, Type type) => owner.Options.GetTypeInfo(type);

    private static (JsonValueKind[] Kinds, string Demand) FormOf(JsonTypeInfo type) => type.Kind switch
    {
        JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => ([JsonValueKind.Object], "must be an object"),
        JsonTypeInfoKind.Enumerable => ([JsonValueKind.Array], "must be a list"),
        _ when type.Type == typeof(string) => ([JsonValueKind.String], "must be a string"),
        _ when type.Type == typeof(double?) => ([JsonValueKind.Number], "must be a number"),
        _ when type.Type == typeof(bool?) => ([JsonValueKind.True, JsonValueKind.False], "must be true or false"),
        _ => throw new InvalidOperationException($"Bodies have no members of type {type.Type}."),
    };
}
