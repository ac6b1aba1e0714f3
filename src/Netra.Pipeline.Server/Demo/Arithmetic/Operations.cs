namespace Netra.Pipeline.Server.Demo.Arithmetic;

/// <summary>The operators, each of which says what went wrong in words instead of in an arithmetic exception. Pure functions.</summary>
internal static class Operations
{
    public static decimal Add(decimal left, decimal right) => Fit(() => left + right);

    public static decimal Subtract(decimal left, decimal right) => Fit(() => left - right);

    public static decimal Multiply(decimal left, decimal right) => Fit(() => left * right);

    public static decimal Divide(decimal left, decimal right) =>
        right == 0 ? throw new CalculationException($"{left} / 0: division by zero has no result.") : Fit(() => left / right);

    public static decimal Remainder(decimal left, decimal right) =>
        right == 0
            ? throw new CalculationException($"{left} % 0: the remainder of a division by zero has no result.")
            : Fit(() => left % right);

    public static decimal Power(decimal value, decimal exponent)
    {
        if (value == 0 && exponent < 0)
        {
            throw new CalculationException($"0^{exponent}: a negative power of zero divides by zero.");
        }

        if (decimal.Truncate(exponent) == exponent && decimal.Abs(exponent) <= int.MaxValue)
        {
            return Fit(() => WholePower(value, (int)exponent));
        }

        if (value < 0)
        {
            throw new CalculationException($"({value})^{exponent}: a negative number has no real power with a fraction.");
        }

        return Fit(() => (decimal)Math.Pow((double)value, (double)exponent));
    }

    // By squaring: exact where a decimal can hold the result, and 31 steps at most, so that no exponent makes the tool run for ever.
    private static decimal WholePower(decimal value, int exponent)
    {
        var result = 1m;
        var factor = value;
        var left = Math.Abs((long)exponent);
        while (left > 0)
        {
            if ((left & 1) == 1)
            {
                result *= factor;
            }

            left >>= 1;
            if (left > 0)
            {
                factor *= factor;
            }
        }

        // Too small for a decimal is zero already, and one over that would blame the user for a division that is not in the expression.
        return exponent >= 0 ? result : result == 0 ? throw new OverflowException() : 1 / result;
    }

    private static decimal Fit(Func<decimal> operation)
    {
        try
        {
            return operation();
        }
        catch (OverflowException)
        {
            throw new CalculationException(
                "The result does not fit: numbers may have up to 28 digits on either side of the decimal point.");
        }
    }
}
