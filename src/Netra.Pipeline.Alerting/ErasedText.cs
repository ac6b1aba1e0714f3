using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Alerting;

/// <summary>Takes an erased user's id out of what people have written. Stateless once made.</summary>
internal sealed class ErasedText
{
    // What people write; all other values are the product's own words.
    private static readonly string[] Written = ["summary", "description", "comment", "author", "acknowledged_by", "label", "labels"];

    private readonly Regex _user;

    /// <param name="userKey">The user's key; texts name the user's id, after the tenant where there is one.</param>
    public ErasedText(string userKey) => _user = new Regex(
        $@"(?<![\p{{L}}\p{{N}}_]){Regex.Escape(UserKey.UserOf(userKey))}(?![\p{{L}}\p{{N}}_])",
        RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1));

    /// <summary>A text without the user's id.</summary>
    public string Of(string text) => _user.Replace(text, "(erased)");

    /// <summary>A stored document without the user's id.</summary>
    public string OfDocument(string json)
    {
        if (!_user.IsMatch(json) && !json.Contains('\\'))
        {
            return json;
        }

        var document = JsonNode.Parse(json)!;
        return Erase(document, isWritten: false) ? document.ToJsonString() : json;
    }

    private bool Erase(JsonNode? node, bool isWritten)
    {
        var isChanged = false;
        switch (node)
        {
            case JsonObject members:
                foreach (var (name, member) in members.ToArray())
                {
                    isChanged |= Erase(member, isWritten || Written.Contains(name, StringComparer.Ordinal));
                }

                break;
            case JsonArray items:
                foreach (var item in items.ToArray())
                {
                    isChanged |= Erase(item, isWritten);
                }

                break;
            case JsonValue value when isWritten && value.TryGetValue<string>(out var text) && Of(text) is var erased && erased != text:
                value.ReplaceWith(erased);
                return true;
        }

        return isChanged;
    }
}
