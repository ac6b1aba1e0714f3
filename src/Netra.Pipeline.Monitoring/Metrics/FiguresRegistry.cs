using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Contexts;

namespace Netra.Pipeline.Monitoring.Metrics;

/// <summary>
/// The figures of all users, each apart from the others. Bounded by <see cref="MonitoringOptions.MaxUsers"/>: the user whose stream was unloaded longest ago makes room, and begins anew when it comes back. Safe from any thread.
/// </summary>
internal sealed class FiguresRegistry(IOptions<MonitoringOptions> options)
{
    private readonly Lock _gate = new();

    // Those that nobody holds, the one that was let go of first at its beginning: a new user must not cost a search among all, since the
    // log's writer pays for it.
    private readonly LinkedList<UserFigures> _resting = new();
    private readonly long[] _forgotten = new long[UserFigures.Types];
    private readonly SortedDictionary<string, UserFigures> _users = new(StringComparer.Ordinal);

    /// <summary>The accepted events of all users since the process started, in the order of their types. Those of users that were forgotten are in it.</summary>
    public long[] AcceptedByType()
    {
        lock (_gate)
        {
            var accepted = (long[])_forgotten.Clone();
            foreach (var user in _users.Values)
            {
                user.AddAcceptedTo(accepted);
            }

            return accepted;
        }
    }

    /// <summary>How many users have figures; the system's own are left out.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _users.Count;
            }
        }
    }

    /// <summary>A user's figures, kept until <see cref="Release"/>.</summary>
    public UserFigures Hold(string userId)
    {
        if (IdentifierRules.IsReserved(userId))
        {
            // The system's own work counts in no user metric.
            return new UserFigures(userId);
        }

        lock (_gate)
        {
            if (!_users.TryGetValue(userId, out var figures))
            {
                ForgetDownTo(options.Value.MaxUsers - 1);
                figures = new UserFigures(userId);
                _users.Add(userId, figures);
            }

            if (figures.Holders++ == 0 && figures.Resting.List is not null)
            {
                _resting.Remove(figures.Resting);
            }

            return figures;
        }
    }

    public void Release(UserFigures figures)
    {
        lock (_gate)
        {
            if (--figures.Holders == 0)
            {
                _resting.AddLast(figures.Resting);
                ForgetDownTo(options.Value.MaxUsers);
            }
        }
    }

    public bool TryGet(string userId, [NotNullWhen(true)] out UserFigures? figures)
    {
        lock (_gate)
        {
            return _users.TryGetValue(userId, out figures);
        }
    }

    /// <summary>A page of users in the order of their ids.</summary>
    /// <param name="after">Only later ids.</param>
    /// <param name="limit">How many at most.</param>
    public IReadOnlyList<UserFigures> Page(string? after, int limit)
    {
        lock (_gate)
        {
            return [.. _users.Values.Where(user => after is null || string.CompareOrdinal(user.UserId, after) > 0).Take(limit)];
        }
    }

    public IReadOnlyList<UserFigures> All() => Page(after: null, int.MaxValue);

    private void ForgetDownTo(int users)
    {
        // Those that are held are bounded by the streams that are loaded. When these were many, more than one may have to go.
        while (_users.Count > users && _resting.First?.Value is { } oldest)
        {
            oldest.AddAcceptedTo(_forgotten);
            _resting.RemoveFirst();
            _users.Remove(oldest.UserId);
        }
    }
}
