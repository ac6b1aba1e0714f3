using System.Diagnostics.CodeAnalysis;

namespace Netra.Pipeline.Access;

/// <summary>What a caller may do (docs/protocol.md, section 12.1). One that includes another has its bits as well.</summary>
[Flags]
[SuppressMessage("Design", "MA0062", Justification = "A right that includes another has its bits, and one of its own.")]
internal enum AccessRights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Having connections made for users.</summary>
    Connect = 1,

    /// <summary>Publishing events, answering runs, taking commands.</summary>
    Publish = 2,

    /// <summary>Reading what users were told, and what became of it.</summary>
    Read = 4,

    /// <summary>Looking at figures, alerts and settings.</summary>
    View = 8,

    /// <summary>Dealing with what is going on: alerts, emergency mode, dead letters.</summary>
    Act = View | 16,

    /// <summary>Changing how the server works, and who may do what.</summary>
    Configure = Act | 32,

    /// <summary>What a caller of one tenant may have: the other rights are about the whole server.</summary>
    OfTenant = Connect | Publish | Read,

    /// <summary>Everything: this machine in Development, and callers whom the host itself lets in.</summary>
    All = Connect | Publish | Read | Configure,
}

/// <summary>The names of rights in tokens, keys and messages.</summary>
internal static class AccessRightNames
{
    private static readonly (string Name, AccessRights Right)[] Table =
    [
        ("connect", AccessRights.Connect),
        ("publish", AccessRights.Publish),
        ("read", AccessRights.Read),
        ("view", AccessRights.View),
        ("act", AccessRights.Act),
        ("configure", AccessRights.Configure),
    ];

    /// <summary>All of them, in one line.</summary>
    public static string List { get; } = string.Join(", ", Table.Select(static entry => entry.Name));

    /// <summary>The right of a name; nothing where there is none of that name.</summary>
    public static AccessRights Of(string name) => Array.Find(Table, entry => entry.Name == name).Right;

    /// <summary>The name of one right.</summary>
    public static string NameOf(AccessRights right) => Array.Find(Table, entry => entry.Right == right).Name;

    /// <summary>The fewest names that make up a set.</summary>
    public static IReadOnlyList<string> NamesOf(AccessRights rights) =>
    [
        .. Table
            .Where(entry => rights.HasFlag(entry.Right)
                && !Table.Any(other => other.Right != entry.Right && other.Right.HasFlag(entry.Right) && rights.HasFlag(other.Right)))
            .Select(static entry => entry.Name)
    ];
}
