namespace Netra.Pipeline.Server.Demo.Arithmetic;

/// <summary>
/// Precedence climbing over the tokens of one expression, calculating as it goes. Used once, by one thread.
/// </summary>
internal sealed class ExpressionParser(List<ArithmeticToken> tokens)
{
    // Each level is a stack frame, and a stack that overflows takes the whole process along.
    private const int MaxDepth = 100;

    private int _at;
    private int _depth;

    private ArithmeticToken Next => tokens[_at];

    public decimal Parse()
    {
        if (Next.Kind == TokenKind.End)
        {
            throw new CalculationException("There is nothing to calculate.");
        }

        var value = Sum();
        return Next.Kind switch
        {
            TokenKind.End => value,
            TokenKind.Close => throw new CalculationException($"The ')' at position {Next.Position} closes nothing."),
            _ => throw new CalculationException($"An operator is missing before position {Next.Position}."),
        };
    }

    private decimal Sum()
    {
        var value = Product();
        while (TakeOperator('+', '-', '\0') is { } op)
        {
            var right = Product();
            value = op.Symbol == '+' ? Operations.Add(value, right) : Operations.Subtract(value, right);
        }

        return value;
    }

    private decimal Product()
    {
        var value = Signed();
        while (TakeOperator('*', '/', '%') is { } op)
        {
            var right = Signed();
            value = op.Symbol switch
            {
                '*' => Operations.Multiply(value, right),
                '/' => Operations.Divide(value, right),
                _ => Operations.Remainder(value, right),
            };
        }

        return value;
    }

    private decimal Signed()
    {
        Descend();
        var value = TakeOperator('+', '-', '\0') switch
        {
            { Symbol: '-' } => -Signed(),
            not null => Signed(),
            null => Power(),
        };
        _depth--;
        return value;
    }

    private decimal Power()
    {
        var value = Atom();
        // The exponent goes through Signed, which makes ^ bind to the right and lets 2^-1 be written.
        return TakeOperator('^', '\0', '\0') is null ? value : Operations.Power(value, Signed());
    }

    private decimal Atom()
    {
        var token = Next;
        switch (token.Kind)
        {
            case TokenKind.Number:
                _at++;
                return token.Value;
            case TokenKind.Open:
                _at++;
                Descend();
                var value = Sum();
                _depth--;
                if (Next.Kind != TokenKind.Close)
                {
                    throw new CalculationException($"The '(' at position {token.Position} is not closed.");
                }

                _at++;
                return value;
            case TokenKind.End:
                throw new CalculationException("The expression ends where a number should follow.");
            case TokenKind.Operator:
            case TokenKind.Close:
            default:
                throw new CalculationException($"A number is missing before the '{token.Symbol}' at position {token.Position}.");
        }
    }

    private ArithmeticToken? TakeOperator(char first, char second, char third)
    {
        var token = Next;
        if (token.Kind != TokenKind.Operator || (token.Symbol != first && token.Symbol != second && token.Symbol != third))
        {
            return null;
        }

        _at++;
        return token;
    }

    private void Descend()
    {
        if (++_depth > MaxDepth)
        {
            throw new CalculationException($"The expression is nested more than {MaxDepth} levels deep.");
        }
    }
}
