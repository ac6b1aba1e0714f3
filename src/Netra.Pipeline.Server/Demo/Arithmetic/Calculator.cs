namespace Netra.Pipeline.Server.Demo.Arithmetic;

/// <summary>
/// Calculates <c>+ - * / % ^</c>, parentheses and signs over decimal numbers. <c>^</c> binds strongest and to the right, then signs, then
/// <c>* / %</c>, then <c>+ -</c>: <c>-2^2</c> is -4, as in mathematics and not as in a spreadsheet.
/// </summary>
/// <remarks>
/// Decimal and not binary floating point, because people check such answers by hand: 0.1 + 0.2 is 0.3. A pure
/// function, safe to call from anywhere.
/// </remarks>
public static class Calculator
{
    /// <summary>The longest expression that is taken, in characters.</summary>
    public const int MaxLength = 1_000;

    /// <summary>Calculates an expression.</summary>
    /// <param name="expression">Such as <c>(2+3)*4</c>.</param>
    /// <returns>Its value, without trailing zeros.</returns>
    /// <exception cref="CalculationException">The expression is malformed, divides by zero, or its value does not fit.</exception>
    public static decimal Evaluate(string expression)
    {
        if (expression.Length > MaxLength)
        {
            throw new CalculationException($"The expression has {expression.Length} characters; the limit is {MaxLength}.");
        }

        var value = new ExpressionParser(Tokenizer.Tokenize(expression)).Parse();
        // Dividing by 1 with 28 zeros normalizes the scale: 2.50 * 2 reads as 5 and not as 5.00.
        return value / 1.0000000000000000000000000000m;
    }
}
