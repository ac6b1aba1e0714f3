namespace Netra.Pipeline.Limits;

/// <summary>
/// How much may be read of one connection now. Counting is a subtraction; only when a grant is used up the clock and the budget of all
/// connections are asked for the next one. Used by the connection's reader alone.
/// </summary>
/// <param name="budget">What all connections share.</param>
internal sealed class InboundMeter(InboundBudget budget)
{
    private const int BytesOfUnit = 1024;

    private int _messages;
    private int _bytes;
    private long _messagesPaid;
    private long _bytesPaid;
    private long _freePaid;

    /// <summary>Whether the grant is used up: nothing is read before <see cref="Renew"/>.</summary>
    public bool IsSpent => _messages <= 0 || _bytes <= 0;

    /// <summary>Something was read. One read may exceed the grant; the next one waits for it.</summary>
    public void Count(int messages, int bytes)
    {
        _messages -= messages;
        _bytes -= bytes;
    }

    /// <summary>Asks for the next grant.</summary>
    /// <returns>What stands in its way; null when reading may go on.</returns>
    public Limit? Renew()
    {
        if (!IsSpent)
        {
            return null;
        }

        var now = budget.Time.GetTimestamp();
        var isTotal = false;
        if (_messages <= 0)
        {
            _messages += Take(budget.Messages, ref _messagesPaid, now, budget.MessageGrant - _messages, perUnit: 1, ref isTotal);
        }

        if (_bytes <= 0)
        {
            _bytes += Take(budget.Bytes, ref _bytesPaid, now, budget.ByteGrant - _bytes, BytesOfUnit, ref isTotal);
        }

        return !IsSpent ? null : isTotal ? Limit.InboundTotal : Limit.Inbound;
    }

    /// <summary>Waits before asking again.</summary>
    public Task PauseAsync() => Task.Delay(InboundBudget.Pause, budget.Time);

    // Of its own rate, as far as what all have together allows; and where that is used up, a little at a time of what is free.
    private int Take(in Rate rate, ref long paid, long now, int wanted, int perUnit, ref bool isTotal)
    {
        var before = paid;
        var own = rate.TakeUpTo(ref paid, now, wanted);
        var units = (own + perUnit - 1) / perUnit;
        var had = budget.TakeUpTo(units, now);
        if (had < units)
        {
            had += budget.Free.TakeUpTo(ref _freePaid, now, Math.Min(units - had, InboundBudget.FreeGrant));
        }

        if (had == units)
        {
            return own;
        }

        isTotal = true;
        paid = before;
        return rate.TakeUpTo(ref paid, now, had * perUnit);
    }
}
